// SPDX-License-Identifier: GPL-2.0
/* What is protected and how, with its defaults and the rule that no port has two answers. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "setup.h"
#include "track_timeout.h"

enum { PORT_FIRST = 1, PORT_LAST = MAX_PORTS - 1, SERVICES_STEP = 64 };

/* FTP and SSH, SMTP, POP3, IMAP, submission, MySQL: the client waits for the server's first word. */
static const struct {
	__u16 first;
	__u16 last;
} speakers[] = {{21, 22}, {25, 25}, {110, 110}, {143, 143}, {587, 587}, {3306, 3306}};

static bool speaks_first(unsigned int port)
{
	for (size_t i = 0; i < sizeof(speakers) / sizeof(speakers[0]); i++)
		if (port >= speakers[i].first && port <= speakers[i].last)
			return true;
	return false;
}

struct policy setup_default_policy(void)
{
	return (struct policy){
	    .mode = MODE_AUTO,
	    .unfinished_on = 50,
	    .unfinished_off = 10,
	    .syn_rate_on = 20000,
	    .syn_rate_off = 10000,
	    .hold_ms = 30000,
	};
}

void setup_default_values(struct setup *ret_setup)
{
	*ret_setup = (struct setup){
	    .settings =
		{
		    .synack = {20000, 20000},
		    .live_syn = {100, 200},
		    .new_conn = {50000, 50000},
		    .bad_ack = {1000, 2000},
		    .proven_s = 600,
		    .resend_ms = 1000,
		    .proven_credit = 8,
		    .resend_times = 2,
		    .mode = MODE_AUTO,
		},
	    .xdp = XDP_CHOICE_AUTO,
	    .max_conns = MAX_CONNS,
	    .timeouts = timeouts_default(),
	};
}

int setup_default(struct setup *ret_setup)
{
	const struct service all = {
	    .any_addr = true,
	    .first = PORT_FIRST,
	    .last = PORT_LAST,
	    .policy = setup_default_policy(),
	};
	struct error error;
	struct setup setup;
	int err;

	setup_default_values(&setup);
	err = setup_add_usual(&setup, &all, &error);
	if (err)
		setup_free(&setup);
	else
		*ret_setup = setup;
	return err;
}

void setup_free(struct setup *setup)
{
	free(setup->services);
	free(setup->key_file);
	free(setup->allow_file);
	free(setup->deny_file);
	*setup = (struct setup){0};
}

static bool is_all_ports(const struct service *service)
{
	return service->any_addr && service->first == PORT_FIRST && service->last == PORT_LAST;
}

void service_text(const struct service *service, char ret_text[SERVICE_TEXT])
{
	const __u8 *addr = service->addr;
	char name[INET6_ADDRSTRLEN + 1] = "";
	size_t used;

	if (is_all_ports(service)) {
		snprintf(ret_text, SERVICE_TEXT, "all ports");
		return;
	}
	if (!service->any_addr) {
		if (addr_is_v4(addr))
			inet_ntop(AF_INET, addr + 12, name, INET6_ADDRSTRLEN);
		else
			inet_ntop(AF_INET6, addr, name, INET6_ADDRSTRLEN);
		used = strlen(name);
		name[used] = ' ';
		name[used + 1] = '\0';
	}
	if (service->first == service->last)
		snprintf(ret_text, SERVICE_TEXT, "%sport %u", name, service->first);
	else
		snprintf(ret_text, SERVICE_TEXT, "%sports %u-%u", name, service->first,
			 service->last);
}

bool setup_taken(const struct setup *setup, unsigned int port)
{
	return setup->taken[port / 64] >> port % 64 & 1;
}

static bool services_overlap(const struct service *a, const struct service *b)
{
	if (a->any_addr != b->any_addr || (!a->any_addr && !addr_equal(a->addr, b->addr)))
		return false;
	return a->first <= b->last && b->first <= a->last && is_all_ports(a) == is_all_ports(b);
}

/* The bits are there because a file may name each port: only an answer of yes needs a search. */
static bool may_overlap(const struct setup *setup, const struct service *service)
{
	unsigned int port;

	if (!service->any_addr)
		return setup->addr_ports > 0;
	if (is_all_ports(service))
		return setup->all_ports;
	for (port = service->first; port <= service->last; port++)
		if (setup_taken(setup, port))
			return true;
	return false;
}

static int service_check(const struct setup *setup, const struct service *service,
			 struct error *error)
{
	char text[SERVICE_TEXT], other[SERVICE_TEXT];
	unsigned int i;

	service_text(service, text);
	if (service->first < PORT_FIRST || service->first > service->last)
		return error_set(error, -EINVAL,
				 "%s: a port is 1 to 65535, a range goes from low to high", text);
	if (!service->any_addr &&
	    setup->addr_ports + service->last - service->first + 1 > MAX_ADDR_SERVICES)
		return error_set(error, -ENOSPC,
				 "%s: there is room for %d ports with an address of their own;"
				 " leave the address out to protect the ports of all addresses",
				 text, MAX_ADDR_SERVICES);
	if (!may_overlap(setup, service))
		return 0;
	for (i = 0; i < setup->count; i++)
		if (services_overlap(&setup->services[i], service)) {
			service_text(&setup->services[i], other);
			return error_set(error, -EEXIST,
					 "%s and the service of %s overlap; a port has one service",
					 text, other);
		}
	return 0;
}

static int services_grow(struct setup *setup, struct error *error)
{
	struct service *grown;
	unsigned int room = setup->count;

	/* Room is a power of two once it is not small, so the count tells when it is used up. */
	if (setup->services && (room < SERVICES_STEP || (room & (room - 1))))
		return 0;
	room = room ? 2 * room : SERVICES_STEP;
	grown = realloc(setup->services, room * sizeof(*grown));
	if (!grown) {
		error_set(error, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	setup->services = grown;
	return 0;
}

int setup_add(struct setup *setup, const struct service *service, struct error *error)
{
	const struct service added = *service;
	int err = service_check(setup, &added, error);
	unsigned int at = setup->count, port;

	if (!err)
		err = services_grow(setup, error);
	if (err)
		return err;
	if (setup->all_ports) {
		setup->services[at] = setup->services[at - 1];
		at--;
	}
	setup->services[at] = added;
	setup->count++;
	if (is_all_ports(&added))
		setup->all_ports = true;
	else if (!added.any_addr)
		setup->addr_ports += added.last - added.first + 1;
	else
		for (port = added.first; port <= added.last; port++)
			setup->taken[port / 64] |= 1ULL << port % 64;
	return 0;
}

/* Only where the ports around it have a service of all ports: those that have one already keep it. */
static int speakers_add(struct setup *setup, const struct service *all, struct error *error)
{
	struct service service = *all;
	unsigned int port;
	int err = 0;

	service.policy.speaks_first = 1;
	for (port = PORT_FIRST; !err && port <= PORT_LAST; port++) {
		if (!speaks_first(port) || setup_taken(setup, port))
			continue;
		service.first = (__u16)port;
		while (speaks_first(port + 1) && !setup_taken(setup, port + 1))
			port++;
		service.last = (__u16)port;
		err = setup_add(setup, &service, error);
	}
	return err;
}

int setup_add_usual(struct setup *setup, const struct service *service, struct error *error)
{
	struct service part = *service;
	unsigned int port = service->first, last = service->last;
	int err = 0;

	part.policy.speaks_first = 0;
	if (is_all_ports(service)) {
		err = setup_add(setup, &part, error);
		return err ? err : speakers_add(setup, &part, error);
	}
	if (port > last)
		return setup_add(setup, &part, error);
	while (!err && port <= last) {
		part.first = (__u16)port;
		part.policy.speaks_first = speaks_first(port);
		while (port < last && speaks_first(port + 1) == part.policy.speaks_first)
			port++;
		part.last = (__u16)port++;
		err = setup_add(setup, &part, error);
	}
	return err;
}

int setup_policies(const struct setup *setup, struct policy *ret_policies, struct error *error)
{
	const struct policy *policy;
	unsigned int i;
	int found, count = 0;

	for (i = 0; i < setup->count; i++) {
		policy = &setup->services[i].policy;
		for (found = 1; found <= count; found++)
			if (!memcmp(&ret_policies[found], policy, sizeof(*policy)))
				break;
		if (found <= count)
			continue;
		if (count == MAX_POLICIES - 1)
			return error_set(error, -ENOSPC,
					 "the services have more than %d different policies;"
					 " let more of them share one",
					 MAX_POLICIES - 1);
		ret_policies[++count] = *policy;
	}
	return count;
}
