// SPDX-License-Identifier: GPL-2.0
/* See setup_view.h. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "setup_view.h"

enum { PORT_LAST = MAX_PORTS - 1 };

struct words {
	char *text;
	size_t used;
	size_t size;
};

/* Cuts what does not fit. */
__attribute__((format(printf, 2, 3))) static void words_add(struct words *words, const char *format,
							    ...)
{
	va_list args;
	int length;

	if (words->used + 1 >= words->size)
		return;
	va_start(args, format);
	length = vsnprintf(words->text + words->used, words->size - words->used, format, args);
	va_end(args);
	words->used += length < 0 ? 0 : (size_t)length;
	if (words->used >= words->size)
		words->used = words->size - 1;
}

const char *mode_name(enum mode mode)
{
	switch (mode) {
	case MODE_ALWAYS:
		return "always";
	case MODE_MONITOR:
		return "monitor";
	case MODE_AUTO:
		return "auto";
	}
	return "mixed";
}

static bool is_all_ports(const struct service *service)
{
	return service->any_addr && service->first <= 1 && service->last == PORT_LAST;
}

/* The more exact one counts: an address before none, some ports before all. */
static int service_rank(const struct service *service)
{
	return service->any_addr ? 1 + is_all_ports(service) : 0;
}

const struct service *setup_find(const struct setup *setup, const __u8 addr[16], __u16 port)
{
	const struct service *best = NULL, *service;
	unsigned int i;

	for (i = 0; i < setup->count; i++) {
		service = &setup->services[i];
		if (port < service->first || port > service->last ||
		    (!service->any_addr && !addr_equal(service->addr, addr)))
			continue;
		if (!best || service_rank(service) < service_rank(best))
			best = service;
	}
	return best;
}

bool setup_protects(const struct setup *setup, unsigned int first, unsigned int last)
{
	unsigned int i;

	for (i = 0; i < setup->count; i++)
		if (setup->services[i].first <= last && setup->services[i].last >= first)
			return true;
	return false;
}

unsigned int setup_mode_count(const struct setup *setup, enum mode mode)
{
	unsigned int i, count = 0;

	for (i = 0; i < setup->count; i++)
		count += setup->services[i].policy.mode == mode;
	return count;
}

enum mode setup_mode(const struct setup *setup)
{
	const enum mode first = setup->count ? setup->services[0].policy.mode : (enum mode)0;

	return setup_mode_count(setup, first) == setup->count ? first : (enum mode)0;
}

static bool policy_is_usual(const struct policy *policy)
{
	struct policy usual = setup_default_policy();

	usual.mode = policy->mode;
	usual.speaks_first = policy->speaks_first;
	return !memcmp(policy, &usual, sizeof(usual));
}

bool setup_is_plain(const struct setup *setup)
{
	struct settings settings = setup->settings;
	struct setup usual;
	unsigned int i;

	setup_default_values(&usual);
	settings.lists = usual.settings.lists;
	settings.mode = usual.settings.mode;
	if (memcmp(&settings, &usual.settings, sizeof(settings)) != 0 || !setup_mode(setup) ||
	    setup->key_file || setup->allow_file || setup->deny_file || setup->rotate_s)
		return false;
	for (i = 0; i < setup->count; i++)
		if (!setup->services[i].any_addr || !policy_is_usual(&setup->services[i].policy))
			return false;
	return true;
}

static bool services_are_one_group(const struct service *a, const struct service *b)
{
	return a->any_addr == b->any_addr && (a->any_addr || addr_equal(a->addr, b->addr)) &&
	       !memcmp(&a->policy, &b->policy, sizeof(a->policy));
}

/* In the order in which they are shown: that of all ports, which is kept last, comes first. */
static const struct service *service_at(const struct setup *setup, unsigned int place)
{
	if (!setup->all_ports)
		return &setup->services[place];
	return &setup->services[place ? place - 1 : setup->count - 1];
}

static bool is_group_start(const struct setup *setup, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < index; i++)
		if (services_are_one_group(service_at(setup, i), service_at(setup, index)))
			return false;
	return true;
}

static void policy_describe(const struct policy *p, struct words *words)
{
	const struct policy usual = setup_default_policy();

	words_add(words, "%s%s", mode_name(p->mode),
		  p->speaks_first ? ", server speaks first" : "");
	if (p->mode == MODE_ALWAYS)
		return;
	if (!p->syn_rate_on && usual.syn_rate_on)
		words_add(words, ", whatever the rate of SYNs");
	else if (p->syn_rate_on != usual.syn_rate_on || p->syn_rate_off != usual.syn_rate_off)
		words_add(words, ", attack above %u SYN/s, over below %u", p->syn_rate_on,
			  p->syn_rate_off);
	if (!p->unfinished_on && usual.unfinished_on)
		words_add(words, ", whatever its backlog holds");
	else if (p->unfinished_on != usual.unfinished_on ||
		 p->unfinished_off != usual.unfinished_off)
		words_add(words, ", attack at %u%% of the backlog, over below %u%%",
			  p->unfinished_on, p->unfinished_off);
	if (p->hold_ms != usual.hold_ms)
		words_add(words, ", held for %u ms", p->hold_ms);
}

/* "..." where there is no room for more. */
static void range_add(const struct service *service, bool is_first, struct words *words)
{
	const char *comma = is_first ? "" : ",";

	if (words->used + sizeof("65535-65535,...") >= words->size) {
		if (words->used < 3 || strcmp(words->text + words->used - 3, "...") != 0)
			words_add(words, "%s...", comma);
	} else if (is_all_ports(service)) {
		words_add(words, "%sall", comma);
	} else if (service->first == service->last) {
		words_add(words, "%s%u", comma, service->first);
	} else {
		words_add(words, "%s%u-%u", comma, service->first, service->last);
	}
}

static void address_add(const struct service *service, struct words *words)
{
	char addr[INET6_ADDRSTRLEN];

	if (service->any_addr)
		return;
	if (addr_is_v4(service->addr))
		inet_ntop(AF_INET, service->addr + 12, addr, sizeof(addr));
	else
		inet_ntop(AF_INET6, service->addr, addr, sizeof(addr));
	if (addr_is_v4(service->addr))
		words_add(words, "%s:", addr);
	else
		words_add(words, "[%s]:", addr);
}

static void ports_add(const struct setup *setup, unsigned int first, struct words *words)
{
	bool is_first = true;
	unsigned int i;

	for (i = first; i < setup->count; i++) {
		if (!services_are_one_group(service_at(setup, first), service_at(setup, i)))
			continue;
		range_add(service_at(setup, i), is_first, words);
		is_first = false;
	}
}

bool setup_group_next(const struct setup *setup, unsigned int *index,
		      struct service_group *ret_group)
{
	struct words ports = {.text = ret_group->ports, .size = sizeof(ret_group->ports)};
	const struct service *service;

	while (*index < setup->count && !is_group_start(setup, *index))
		++*index;
	if (*index >= setup->count)
		return false;
	service = service_at(setup, *index);
	address_add(service, &ports);
	ports_add(setup, *index, &ports);
	policy_text(&service->policy, ret_group->policy);
	ret_group->mode = service->policy.mode;
	++*index;
	return true;
}

void policy_text(const struct policy *policy, char ret_text[GROUP_POLICY_MAX])
{
	struct words words = {.text = ret_text, .size = GROUP_POLICY_MAX};

	policy_describe(policy, &words);
}

void setup_mode_text(const struct setup *setup, enum mode mode, char *ret_text, size_t size)
{
	struct words words = {.text = ret_text, .size = size};
	struct service_group group = {0};
	unsigned int index = 0;

	*ret_text = '\0';
	while (setup_group_next(setup, &index, &group))
		if (group.mode == mode)
			words_add(&words, "%s%s", words.used ? "; " : "", group.ports);
}

void setup_ports_text(const struct setup *setup, char *ret_text, size_t size)
{
	struct words words = {.text = ret_text, .size = size};
	bool is_first = true;
	unsigned int i;

	*ret_text = '\0';
	for (i = 0; i < setup->count; i++)
		if (is_all_ports(&setup->services[i])) {
			snprintf(ret_text, size, "all");
			return;
		}
	for (i = 0; i < setup->count; i++) {
		if (!setup->services[i].any_addr)
			continue;
		range_add(&setup->services[i], is_first, &words);
		is_first = false;
	}
}

static void rate_add(const char *name, const struct rate_limit *limit,
		     const struct rate_limit *usual, struct words *words)
{
	if (!memcmp(limit, usual, sizeof(*limit)))
		return;
	words_add(words, "%s%s ", words->used ? ", " : "", name);
	if (limit->rate)
		words_add(words, "%u/s (burst %u)", limit->rate, limit->burst);
	else
		words_add(words, "none");
}

void setup_limits_text(const struct settings *settings, const struct settings *usual,
		       char *ret_text, size_t size)
{
	struct words words = {.text = ret_text, .size = size};
	const struct settings *s = settings;

	*ret_text = '\0';
	rate_add("synack_per_prefix", &s->synack, &usual->synack, &words);
	rate_add("syn_to_live", &s->live_syn, &usual->live_syn, &words);
	rate_add("new_connections", &s->new_conn, &usual->new_conn, &words);
	rate_add("bad_acks", &s->bad_ack, &usual->bad_ack, &words);
	if (s->proven_s != usual->proven_s || s->proven_credit != usual->proven_credit)
		words_add(&words, "%sproven for %u s with %u SYNs", words.used ? ", " : "",
			  s->proven_s, s->proven_credit);
	if (s->resend_ms != usual->resend_ms || s->resend_times != usual->resend_times)
		words_add(&words, "%sSYN-ACK repeated %u times after %u ms", words.used ? ", " : "",
			  s->resend_times, s->resend_ms);
}
