// SPDX-License-Identifier: GPL-2.0
/* Prefixes, one by one, from text and to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "prefix_list.h"
#include "text.h"
#include "units.h"

enum { V4_BITS = 32, V6_BITS = 128, MAPPED_BITS = V6_BITS - V4_BITS, LIST_FIRST = 1024 };

/* Digits only, without a needless zero in front.  Returns where they end; NULL: no such number. */
static const char *number_parse(const char *at, const char *end, __u32 max, __u32 *ret_number)
{
	const char *start = at;
	__u32 number = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (__u32)(*at - '0');
		if (number > max)
			return NULL;
	}
	if (at == start || (*start == '0' && at > start + 1))
		return NULL;
	*ret_number = number;
	return at;
}

/* inet_pton() takes as long as all the rest, for a million lines. */
static int v4_parse(const char *at, const char *end, __u8 ret_addr[16])
{
	__u32 addr = 0, byte;
	int i;

	for (i = 0; i < 4; i++) {
		if (i && (at == end || *at++ != '.'))
			return -EINVAL;
		at = number_parse(at, end, 255, &byte);
		if (!at)
			return -EINVAL;
		addr = addr << 8 | byte;
	}
	addr_from_v4(ret_addr, htonl(addr));
	return at == end ? 0 : -EINVAL;
}

static int v6_parse(const char *at, const char *end, __u8 ret_addr[16])
{
	char word[INET6_ADDRSTRLEN];
	const size_t length = (size_t)(end - at);

	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, at, length);
	word[length] = '\0';
	return inet_pton(AF_INET6, word, ret_addr) == 1 ? 0 : -EINVAL;
}

/* Clears what is set beyond the length.  Returns 1 if anything was. */
static int cut(struct prefix_entry *entry)
{
	__u8 lost = 0;
	unsigned int i;

	for (i = entry->len / 8; i < 16; i++) {
		const __u8 beyond = i == entry->len / 8 ? 0xff >> entry->len % 8 : 0xff;

		lost |= entry->addr[i] & beyond;
		entry->addr[i] &= (__u8)~beyond;
	}
	return lost != 0;
}

int prefix_parse(const char *text, size_t length, struct prefix_entry *ret_entry)
{
	const char *end = text + length, *slash = memchr(text, '/', length);
	const char *addr_end = slash ? slash : end;
	struct prefix_entry entry = {.used = 1};
	__u32 bits = V4_BITS;

	if (v4_parse(text, addr_end, entry.addr)) {
		bits = V6_BITS;
		if (v6_parse(text, addr_end, entry.addr))
			return -EINVAL;
	}
	/* A v4-mapped address never comes as IPv6. */
	if (bits == V6_BITS && addr_is_v4(entry.addr))
		return -EINVAL;
	entry.len = bits == V4_BITS ? MAPPED_BITS : 0;
	if (slash && number_parse(slash + 1, end, bits, &bits) != end)
		return -ERANGE;
	entry.len = (__u8)(entry.len + bits);
	*ret_entry = entry;
	return cut(ret_entry);
}

void prefix_print(const struct prefix_entry *entry, char ret_text[PREFIX_TEXT])
{
	struct text text = {.data = ret_text, .size = PREFIX_TEXT - 1};

	text_addr(&text, entry->addr);
	if (entry->len < V6_BITS) {
		text_char(&text, '/');
		text_u64(&text, entry->len - (addr_is_v4(entry->addr) ? MAPPED_BITS : 0U));
	}
	ret_text[text.used] = '\0';
}

int prefix_lifetime(const char *text, const struct prefix_clock *clock, __u64 *ret_expires)
{
	__u64 ms, jiffies;
	int err = unit_parse(UNIT_TIME, text, &ms);

	if (err)
		return err;
	if (!ms || __builtin_mul_overflow(ms, clock->hz, &jiffies))
		return -ERANGE;
	*ret_expires = clock->jiffies + (jiffies + 999) / 1000;
	return 0;
}

__u64 prefix_left_ms(const struct prefix_entry *entry, const struct prefix_clock *clock)
{
	if (entry->expires <= clock->jiffies)
		return 0;
	return (entry->expires - clock->jiffies) * 1000 / clock->hz;
}

int prefix_list_add(struct prefix_list *list, const struct prefix_entry *entry)
{
	const size_t room = list->room ? list->room * 2 : LIST_FIRST;
	void *grown;

	if (list->count == list->room) {
		grown = realloc(list->entries, room * sizeof(*entry));
		if (!grown)
			return -ENOMEM;
		list->entries = grown;
		list->room = room;
	}
	list->entries[list->count++] = *entry;
	return 0;
}

void prefix_list_free(struct prefix_list *list)
{
	free(list->entries);
	*list = (struct prefix_list){0};
}
