// SPDX-License-Identifier: GPL-2.0
/* See setup_edit.h. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "setup_edit.h"

enum { PORT_LAST = MAX_PORTS - 1 };

static void policy_apply(const struct policy_change *change, struct policy *policy)
{
	if (change->mode)
		policy->mode = change->policy.mode;
	if (change->syn_rate) {
		policy->syn_rate_on = change->policy.syn_rate_on;
		policy->syn_rate_off = change->policy.syn_rate_off;
	}
	if (change->unfinished) {
		policy->unfinished_on = change->policy.unfinished_on;
		policy->unfinished_off = change->policy.unfinished_off;
	}
	if (change->hold)
		policy->hold_ms = change->policy.hold_ms;
	if (change->speaks_first)
		policy->speaks_first = change->policy.speaks_first;
}

static int text_copy(const char *text, char **ret_text)
{
	*ret_text = text ? strdup(text) : NULL;
	return text && !*ret_text ? -ENOMEM : 0;
}

/* All but the services. */
static int values_copy(const struct setup *old, struct setup *ret_setup, struct error *error)
{
	int err = text_copy(old->key_file, &ret_setup->key_file);

	if (!err)
		err = text_copy(old->allow_file, &ret_setup->allow_file);
	if (!err)
		err = text_copy(old->deny_file, &ret_setup->deny_file);
	ret_setup->settings = old->settings;
	ret_setup->xdp = old->xdp;
	ret_setup->max_conns = old->max_conns;
	ret_setup->timeouts = old->timeouts;
	ret_setup->rotate_s = old->rotate_s;
	return err ? error_set(error, err, "out of memory") : 0;
}

static bool is_all(bool any_addr, unsigned int first, unsigned int last)
{
	return any_addr && first <= 1 && last == PORT_LAST;
}

/* May a range of the selection mean this service?  That of all ports only if it says all ports. */
static bool is_meant(const struct service *service, const struct selection *selection,
		     const struct port_range *range)
{
	if (selection->every && selection->any_addr)
		return true;
	if (service->any_addr != selection->any_addr ||
	    (!service->any_addr && !addr_equal(service->addr, selection->addr)))
		return false;
	return selection->every || is_all(service->any_addr, service->first, service->last) ==
				       is_all(selection->any_addr, range->first, range->last);
}

/* The first part of the service from port on that is all meant, or all not. */
static bool part_next(const struct service *service, const struct selection *selection,
		      unsigned int port, unsigned int *ret_last)
{
	const struct port_range *range;
	unsigned int i;

	*ret_last = service->last;
	for (i = 0; i < selection->ports.count; i++) {
		range = &selection->ports.range[i];
		if (!is_meant(service, selection, range))
			continue;
		if (range->first <= port && range->last >= port) {
			*ret_last = range->last < service->last ? range->last : service->last;
			return true;
		}
		if (range->first > port && range->first <= *ret_last)
			*ret_last = range->first - 1U;
	}
	return false;
}

/* The service in its parts, those that are meant changed (or left out); how many ports were meant. */
static int service_edit(const struct service *service, const struct selection *selection,
			const struct policy_change *change, struct setup *setup,
			unsigned int *found, struct error *error)
{
	struct service part = *service;
	unsigned int port, last;
	bool meant;
	int err = 0;

	for (port = service->first; !err && port <= service->last; port = last + 1) {
		meant = part_next(service, selection, port, &last);
		part.first = (__u16)port;
		part.last = (__u16)last;
		part.policy = service->policy;
		if (meant)
			*found += last - port + 1;
		if (meant && change)
			policy_apply(change, &part.policy);
		if (!meant || change)
			err = setup_add(setup, &part, error);
	}
	return err;
}

static unsigned int selection_ports(const struct selection *selection)
{
	unsigned int i, count = 0;

	for (i = 0; i < selection->ports.count; i++)
		count += selection->ports.range[i].last - selection->ports.range[i].first + 1U;
	return count;
}

/*
 * Ports that are protected as some of all: they become a service of their own, with what holds for all
 * and the change.
 */
static int all_split(const struct port_range *range, const struct policy_change *change,
		     struct setup *setup, unsigned int *found, struct error *error)
{
	struct service service = setup->services[setup->count - 1];
	unsigned int port;
	int err = 0;

	policy_apply(change, &service.policy);
	for (port = range->first; !err && port <= range->last; port++) {
		if (setup_taken(setup, port))
			continue;
		service.first = (__u16)port;
		while (port < range->last && !setup_taken(setup, port + 1))
			port++;
		service.last = (__u16)port;
		*found += service.last - service.first + 1U;
		err = setup_add(setup, &service, error);
	}
	return err;
}

static int all_edit(const struct selection *selection, const struct policy_change *change,
		    struct setup *setup, unsigned int *found, struct error *error)
{
	const struct port_range *range = selection->ports.range;
	unsigned int i;
	int err = 0;

	if (!setup->all_ports || !selection->any_addr || selection->every)
		return 0;
	for (i = 0; !err && i < selection->ports.count; i++)
		if (!is_all(true, range[i].first, range[i].last))
			err = all_split(&range[i], change, setup, found, error);
	return err;
}

static int services_edit(const struct setup *old, const struct selection *selection,
			 const struct policy_change *change, struct setup *setup,
			 struct error *error)
{
	unsigned int i, found = 0;
	int err = values_copy(old, setup, error);

	for (i = 0; !err && i < old->count; i++)
		err = service_edit(&old->services[i], selection, change, setup, &found, error);
	if (!err && change)
		err = all_edit(selection, change, setup, &found, error);
	if (!err && found < (selection->every ? 1 : selection_ports(selection)))
		return error_set(error, -ENOENT,
				 "%s; see: synguard service list, and to add one: synguard service"
				 " add",
				 found ? "not every port of it has a service of its own"
				       : "there is no such service");
	return err;
}

int setup_edit_set(const struct setup *old, const struct selection *selection,
		   const struct policy_change *change, struct setup *ret_setup, struct error *error)
{
	struct setup setup = {0};
	int err = services_edit(old, selection, change, &setup, error);

	if (err)
		setup_free(&setup);
	else
		*ret_setup = setup;
	return err;
}

static int services_add(const struct selection *selection, const struct policy_change *change,
			struct setup *setup, struct error *error)
{
	struct service service = {.any_addr = selection->any_addr,
				  .policy = setup_default_policy()};
	unsigned int i;
	int err = 0;

	memcpy(service.addr, selection->addr, sizeof(service.addr));
	if (setup->settings.mode)
		service.policy.mode = setup->settings.mode;
	policy_apply(change, &service.policy);
	for (i = 0; !err && i < selection->ports.count; i++) {
		service.first = selection->ports.range[i].first;
		service.last = selection->ports.range[i].last;
		err = change->speaks_first ? setup_add(setup, &service, error)
					   : setup_add_usual(setup, &service, error);
	}
	return err;
}

int setup_edit_add(const struct setup *old, const struct selection *selection,
		   const struct policy_change *change, struct setup *ret_setup, struct error *error)
{
	const struct selection none = {.any_addr = true};
	struct setup setup = {0};
	int err = services_edit(old, &none, NULL, &setup, error);

	if (!err)
		err = services_add(selection, change, &setup, error);
	if (err)
		setup_free(&setup);
	else
		*ret_setup = setup;
	return err;
}
