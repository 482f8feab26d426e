// SPDX-License-Identifier: GPL-2.0
/* See setup_diff.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "setup_diff.h"
#include "setup_values.h"
#include "setup_view.h"

void service_name(const struct service *service, char ret_text[SERVICE_TEXT])
{
	char addr[INET6_ADDRSTRLEN + 4] = "", host[INET6_ADDRSTRLEN];
	bool is_v4 = addr_is_v4(service->addr);

	if (service->any_addr && service->first <= 1 && service->last == MAX_PORTS - 1) {
		snprintf(ret_text, SERVICE_TEXT, "all ports");
		return;
	}
	if (!service->any_addr) {
		inet_ntop(is_v4 ? AF_INET : AF_INET6, service->addr + (is_v4 ? 12 : 0), host,
			  sizeof(host));
		snprintf(addr, sizeof(addr), is_v4 ? "%s:" : "[%s]:", host);
	}
	if (service->first == service->last)
		snprintf(ret_text, SERVICE_TEXT, "%s%u", addr, service->first);
	else
		snprintf(ret_text, SERVICE_TEXT, "%s%u-%u", addr, service->first, service->last);
}

struct diff {
	void (*line)(const char *text, void *context);
	void *context;
	int count;
};

__attribute__((format(printf, 2, 3))) static void diff_add(struct diff *diff, const char *format,
							   ...)
{
	char text[DIFF_LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diff->line(text, diff->context);
	diff->count++;
}

/* A number of the file's, as the file would have it. */
static void value_print(const struct value *row, const void *target, char ret_text[UNIT_TEXT])
{
	const char *at = (const char *)target + row->target;
	__u32 number = (__u8)*at;

	if (row->size == sizeof(number))
		memcpy(&number, at, sizeof(number));
	if (!number && row->none)
		snprintf(ret_text, UNIT_TEXT, "%s", row->none);
	else
		unit_print(row->unit, (__u64)number * row->scale, ret_text);
}

/* What is said of a service: words joined by commas. */
struct words {
	char text[DIFF_LINE];
	size_t used;
	bool is_change;
};

static void word_add(struct words *words, const char *name, const char *from, const char *to)
{
	const bool is_change = words->is_change;
	int length;

	if (!strcmp(from, to) || words->used + 1 >= sizeof(words->text))
		return;
	length = snprintf(words->text + words->used, sizeof(words->text) - words->used,
			  "%s%s %s%s%s", words->used ? ", " : "", name, is_change ? from : "",
			  is_change ? " -> " : "", to);
	words->used += length < 0 ? 0 : (size_t)length;
}

/* What differs; of a new service, its mode and what is not as usual. */
static void policy_words(const struct policy *from, const struct policy *to, struct words *words)
{
	char from_text[UNIT_TEXT], to_text[UNIT_TEXT];
	const struct value *row;

	word_add(words, "mode", words->is_change ? mode_name(from->mode) : "", mode_name(to->mode));
	for (row = policy_values; row->key; row++) {
		value_print(row, from, from_text);
		value_print(row, to, to_text);
		word_add(words, row->key, from_text, to_text);
	}
	word_add(words, "speaks_first", yes_no_words.words[from->speaks_first != 0],
		 yes_no_words.words[to->speaks_first != 0]);
}

/* Of any address last, then by address and ports. */
static int service_compare(const void *a, const void *b)
{
	const struct service *x = *(const struct service *const *)a;
	const struct service *y = *(const struct service *const *)b;
	int order = (int)x->any_addr - (int)y->any_addr;

	if (!order && !x->any_addr)
		order = memcmp(x->addr, y->addr, sizeof(x->addr));
	if (!order)
		order = (int)x->first - (int)y->first;
	return order ? order : (int)x->last - (int)y->last;
}

static const struct service **services_sort(const struct setup *setup)
{
	const struct service **sorted = calloc(setup->count + 1, sizeof(const struct service *));
	unsigned int i;

	for (i = 0; sorted && i < setup->count; i++)
		sorted[i] = &setup->services[i];
	if (sorted)
		qsort(sorted, setup->count, sizeof(const struct service *), service_compare);
	return sorted;
}

/* One step of a merge; both lists end with NULL. */
static void service_diff(struct diff *diff, const struct service ***old,
			 const struct service ***new)
{
	const struct policy usual = setup_default_policy();
	const struct service *from = **old, *to = **new;
	int order = !from ? 1 : !to ? -1 : service_compare(*old, *new);
	struct words words = {.is_change = !order};
	char name[SERVICE_TEXT];

	service_name(order <= 0 ? from : to, name);
	if (order >= 0)
		policy_words(order ? &usual : &from->policy, &to->policy, &words);
	if (order < 0)
		diff_add(diff, "- service %s", name);
	else if (order > 0)
		diff_add(diff, "+ service %s %s", name, words.text);
	else if (*words.text)
		diff_add(diff, "~ service %s: %s", name, words.text);
	*old += order <= 0;
	*new += order >= 0;
}

static int services_diff(struct diff *diff, const struct setup *old, const struct setup *new)
{
	const struct service **from = services_sort(old), **to = services_sort(new);
	const struct service **from_at = from, **to_at = to;
	int err = from && to ? 0 : -ENOMEM;

	while (!err && (*from_at || *to_at))
		service_diff(diff, &from_at, &to_at);
	free(from);
	free(to);
	return err;
}

static void text_diff(struct diff *diff, const char *name, const char *from, const char *to)
{
	from = from ? from : "none";
	to = to ? to : "none";
	if (strcmp(from, to) != 0)
		diff_add(diff, "~ %s: %.200s -> %.200s", name, from, to);
}

static void values_diff(struct diff *diff, const struct setup *from, const struct setup *to)
{
	char from_text[UNIT_TEXT], to_text[UNIT_TEXT];
	const struct value *row;

	for (row = setup_values; row->key; row++) {
		value_print(row, from, from_text);
		value_print(row, to, to_text);
		text_diff(diff, row->key, from_text, to_text);
	}
}

static const char *xdp_word(enum xdp_choice xdp)
{
	return (int)xdp < xdp_words.count ? xdp_words.words[xdp] : "unknown";
}

int setup_diff(const struct setup *old, const struct setup *new,
	       void (*line)(const char *text, void *context), void *context)
{
	struct diff diff = {.line = line, .context = context};
	int err = services_diff(&diff, old, new);

	if (err)
		return err;
	text_diff(&diff, "mode", mode_name(old->settings.mode), mode_name(new->settings.mode));
	values_diff(&diff, old, new);
	text_diff(&diff, "keys.file", old->key_file, new->key_file);
	text_diff(&diff, "allow.file", old->allow_file, new->allow_file);
	text_diff(&diff, "deny.file", old->deny_file, new->deny_file);
	text_diff(&diff, "xdp", xdp_word(old->xdp), xdp_word(new->xdp));
	return diff.count;
}

/* Is this port of this address protected?  Of no address: of all of them. */
static bool port_protected(const struct setup *setup, const struct service *service,
			   unsigned int port)
{
	const struct service *other;
	unsigned int i;

	if (setup->taken[port / 64] >> port % 64 & 1)
		return true;
	for (i = 0; i < setup->count && !service->any_addr; i++) {
		other = &setup->services[i];
		if (!other->any_addr && port >= other->first && port <= other->last &&
		    addr_equal(other->addr, service->addr))
			return true;
	}
	return false;
}

bool setup_widens(const struct setup *old, const struct setup *new)
{
	const struct service *service;
	unsigned int i, port;

	if (old->all_ports)
		return false;
	for (i = 0; i < new->count; i++) {
		service = &new->services[i];
		for (port = service->first; port <= service->last; port++)
			if (!port_protected(old, service, port))
				return true;
	}
	return false;
}
