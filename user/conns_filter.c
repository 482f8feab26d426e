// SPDX-License-Identifier: GPL-2.0
/* Parsing what was asked for, and holding a connection against it. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "conns_filter.h"
#include "conns_view.h"

enum { V4_BITS = 32, V6_BITS = 128, MAPPED_BITS = V6_BITS - V4_BITS };

/* half-open is half_open is HALF_OPEN. */
static bool word_is(const char *word, size_t length, const char *name)
{
	size_t i;

	if (strlen(name) != length)
		return false;
	for (i = 0; i < length; i++)
		if (toupper((unsigned char)(word[i] == '-' ? '_' : word[i])) != name[i])
			return false;
	return true;
}

static __u32 state_bit(const char *word, size_t length)
{
	int state;

	for (state = NONE + 1; state < STATE_MAX; state++)
		if (word_is(word, length, conn_state_name((enum conn_state)state)))
			return 1U << state;
	return word_is(word, length, "HALF_OPEN") ? 1U << FILTER_HALF_OPEN : 0;
}

int filter_states_parse(const char *text, __u32 *ret_states, const char **ret_word,
			size_t *ret_length)
{
	__u32 states = 0, bit;
	size_t length;

	for (;; text += length + 1) {
		length = strcspn(text, ",");
		bit = state_bit(text, length);
		if (!bit) {
			*ret_word = text;
			*ret_length = length;
			return -EINVAL;
		}
		states |= bit;
		if (!text[length])
			break;
	}
	*ret_states = states;
	return 0;
}

int filter_number_parse(const char *text, __u64 max, __u64 *ret_number)
{
	__u64 number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		number = number * 10 + (__u64)(*text - '0');
		if (number > max)
			return -EINVAL;
	}
	if (!number)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int prefix_parse(const char *text, unsigned int bits, unsigned int *ret_length)
{
	__u64 length = 0;
	int err = strcmp(text, "0") != 0 ? filter_number_parse(text, bits, &length) : 0;

	if (err)
		return -ERANGE;
	*ret_length = (unsigned int)length;
	return 0;
}

/* Returns the bits of an address of its family, or -EINVAL. */
static int addr_parse(const char *text, size_t length, __u8 ret_addr[16])
{
	char word[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, length);
	word[length] = '\0';
	if (inet_pton(AF_INET, word, &v4) == 1) {
		addr_from_v4(ret_addr, v4.s_addr);
		return V4_BITS;
	}
	return inet_pton(AF_INET6, word, ret_addr) == 1 ? V6_BITS : -EINVAL;
}

static void mask_make(unsigned int length, __u8 ret_mask[16])
{
	unsigned int i, bits;

	for (i = 0; i < 16; i++) {
		bits = length > i * 8 ? length - i * 8 : 0;
		ret_mask[i] = (__u8)(bits >= 8 ? 0xff : 0xff00 >> bits);
	}
}

int filter_client_parse(const char *text, struct conns_filter *filter)
{
	const size_t addr_length = strcspn(text, "/");
	unsigned int i, length;
	__u8 addr[16];
	int bits = addr_parse(text, addr_length, addr), err;

	if (bits < 0)
		return bits;
	length = (unsigned int)bits;
	if (text[addr_length]) {
		err = prefix_parse(text + addr_length + 1, (unsigned int)bits, &length);
		if (err)
			return err;
	}
	if (bits == V4_BITS)
		length += MAPPED_BITS;
	filter->v6_only = bits == V6_BITS && !addr_is_v4(addr);
	mask_make(length, filter->mask);
	for (i = 0; i < 16; i++)
		filter->client[i] = addr[i] & filter->mask[i];
	return 0;
}

static bool addr_match(const struct conns_filter *filter, const __u8 addr[16])
{
	__u64 differing =
	    ((load64(addr) & load64(filter->mask)) ^ load64(filter->client)) |
	    ((load64(addr + 8) & load64(filter->mask + 8)) ^ load64(filter->client + 8));

	return !differing && !(filter->v6_only && addr_is_v4(addr));
}

static bool state_match(const struct conns_filter *filter, const struct conn_row *row)
{
	__u32 bits = row->conn.head.state < STATE_MAX ? 1U << row->conn.head.state : 0;

	if (row->slot == CONN_HALF_OPEN)
		bits |= 1U << FILTER_HALF_OPEN;
	return !filter->states || filter->states & bits;
}

bool filter_match(const struct conns_filter *filter, const struct conn_row *row)
{
	return state_match(filter, row) && addr_match(filter, row->conn.key.remote) &&
	       (!filter->port || filter->port == row->conn.key.local_port);
}
