// SPDX-License-Identifier: GPL-2.0
/* Of an explanation: which service the packet is for, and what that goes through. */
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "explain.h"
#include "maps.h"

static int value_read(const char *dir, const char *map, const void *key, void *ret_value)
{
	int err, fd = map_open(dir, map);

	if (fd < 0)
		return fd;
	err = bpf_map_lookup_elem(fd, key, ret_value);
	close(fd);
	return err;
}

/* The port's rule, or that of the address where it has one. */
static int rule_read(const char *dir, __u32 bank, const struct conn_key *key,
		     struct explain_service *ret_service)
{
	const __u32 index = bank * MAX_PORTS + key->local_port;
	struct addr_key at = {.port = key->local_port, .bank = (__u16)bank};
	struct addr_service by_addr;
	struct rule rule;
	int err = value_read(dir, "rules", &index, &rule);

	if (err)
		return err;
	ret_service->policy_id = rule.policy;
	ret_service->defence_id = key->local_port;
	memcpy(at.addr, key->local, sizeof(at.addr));
	if (!rule.by_addr || value_read(dir, "addr_services", &at, &by_addr))
		return 0;
	ret_service->by_addr = true;
	ret_service->policy_id = by_addr.policy;
	ret_service->defence_id = by_addr.defence;
	return 0;
}

int explain_service_read(const struct instance *instance, const struct conn_key *key,
			 struct explain_service *ret_service)
{
	const __u32 bank = instance->runtime.bank & (BANKS - 1), port = key->local_port;
	const char *dir = instance->dir;
	struct explain_service service = {0};
	struct defence of_port;
	__u32 policy;
	int err = rule_read(dir, bank, key, &service);

	policy = bank * MAX_POLICIES + service.policy_id;
	if (!err)
		err = value_read(dir, "policies", &policy, &service.policy);
	if (!err)
		err = value_read(dir, "settings", &bank, &service.settings);
	if (!err)
		err = value_read(dir, "defences", &service.defence_id, &service.defence);
	if (!err)
		err = value_read(dir, "defences", &port, &of_port);
	if (err)
		return err;
	service.kernel_until = of_port.kernel_until;
	*ret_service = service;
	return 0;
}
