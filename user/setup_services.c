// SPDX-License-Identifier: GPL-2.0
/* The services of the configuration file. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "ports.h"
#include "setup_from_words.h"

enum { PORT_LAST = MAX_PORTS - 1 };

enum speaks { SPEAKS_NO, SPEAKS_YES, SPEAKS_USUAL };

#define PORTS_EXPECTED "expected ports such as 80,443,8000-8100, or all"

/*
 * The service of all ports waits until all others are there, because only then it shows which of
 * the ports where servers speak first have none of their own.
 */
struct all_ports {
	bool there;
	struct service service;
	enum speaks speaks;
	struct reader reader;
	const char *text;
};

static bool address_parse(const char *text, __u8 ret_addr[16])
{
	__u32 v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		addr_from_v4(ret_addr, v4);
		return addr_classify_v4(v4) != ADDR_NOT_UNICAST;
	}
	return inet_pton(AF_INET6, text, ret_addr) == 1 &&
	       addr_classify(ret_addr, 1) != ADDR_NOT_UNICAST;
}

static void address_read(const struct reader *reader, const char *text, struct service *service)
{
	char found[FOUND_TEXT];

	service->any_addr = !text;
	if (!text || address_parse(text, service->addr))
		return;
	reader_tell(reader, "address",
		    "found %s, expected an address of this host such as 192.0.2.1 or 2001:db8::1;"
		    " without this key: all addresses",
		    found_text(text, found));
}

static int range_add(const struct reader *reader, const char *text, const struct service *service,
		     enum speaks speaks, struct setup *setup)
{
	struct error error;
	char found[FOUND_TEXT];
	int err = speaks == SPEAKS_USUAL ? setup_add_usual(setup, service, &error)
					 : setup_add(setup, service, &error);

	if (!err || err == -ENOMEM)
		return err;
	reader_tell(reader, "ports", "found %s, expected ports of no other service: %s",
		    found_text(text, found), error.text);
	return 0;
}

static void all_ports_keep(const struct reader *reader, const char *text,
			   const struct service *service, enum speaks speaks, struct all_ports *all)
{
	const int length = (int)strcspn(all->reader.prefix, ".");
	char found[FOUND_TEXT];

	if (all->there)
		reader_tell(reader, "ports",
			    "found %s, expected ports of no other service: %.*s has all ports, too",
			    found_text(text, found), length, all->reader.prefix);
	else
		*all = (struct all_ports){true, *service, speaks, *reader, text};
}

/* service has everything but its ports. */
static int ports_read(const struct reader *reader, const char *text, struct service *service,
		      enum speaks speaks, struct setup *setup, struct all_ports *all)
{
	const char *rest = strcmp(text, "all") != 0 ? text : "1-65535";
	const unsigned int problems = reader->problems->count;
	struct port_range range;
	struct error error;
	char found[FOUND_TEXT];
	int left, err = 0;

	while ((left = ports_next(&rest, &range, &error)) > 0) {
		service->first = range.first;
		service->last = range.last;
		if (service->any_addr && range.first == 1 && range.last == PORT_LAST)
			all_ports_keep(reader, text, service, speaks, all);
		else
			err = range_add(reader, text, service, speaks, setup);
		if (err || reader->problems->count != problems)
			return err;
	}
	if (left < 0)
		reader_tell(reader, "ports", "found %s, " PORTS_EXPECTED " (%s)",
			    found_text(text, found), error.text);
	return 0;
}

static int service_read(const struct reader *reader, const struct service_words *words,
			const struct policy *policy, struct setup *setup, struct all_ports *all)
{
	static const struct attack_words nothing;
	const unsigned int problems = reader->problems->count;
	struct service service = {.policy = *policy};
	int speaks =
	    word_read(reader, "speaks_first", words->speaks_first, &yes_no_words, SPEAKS_USUAL);
	int mode = word_read(reader, "mode", words->mode, &mode_words, policy->mode);

	if (mode >= 0)
		service.policy.mode = (enum mode)mode;
	service.policy.speaks_first = speaks == SPEAKS_YES;
	if (words->attack || words->mode)
		attack_read(reader, words->attack ? words->attack : &nothing, &service.policy);
	address_read(reader, words->address, &service);
	if (!words->ports)
		reader_tell(reader, "ports", "found nothing, " PORTS_EXPECTED);
	/* One bad line is told once; ports of a service that is no good would only overlap. */
	if (!words->ports || reader->problems->count != problems)
		return 0;
	return ports_read(reader, words->ports, &service, (enum speaks)speaks, setup, all);
}

static int all_ports_add(const struct all_ports *all, struct setup *setup)
{
	return range_add(&all->reader, all->text, &all->service, all->speaks, setup);
}

int services_read(struct reader *reader, const struct setup_words *words,
		  const struct policy *policy, struct setup *setup)
{
	static const struct service_words everything = {.ports = (char *)"all"};
	struct policy policies[MAX_POLICIES];
	struct all_ports all = {0};
	struct error error;
	unsigned int i;
	int err = 0;

	if (!yaml_tree_has(reader->tree, "services"))
		err = service_read(reader, &everything, policy, setup, &all);
	for (i = 0; !err && i < words->services_count; i++) {
		snprintf(reader->prefix, sizeof(reader->prefix), "services[%u].", i);
		err = service_read(reader, &words->services[i], policy, setup, &all);
	}
	if (!err && all.there)
		err = all_ports_add(&all, setup);
	reader->prefix[0] = '\0';
	if (!err && setup_policies(setup, policies, &error) < 0)
		reader_tell(reader, "services", "%s", error.text);
	return err;
}
