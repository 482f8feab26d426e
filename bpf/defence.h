/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which service a packet is for, and whether that is under attack (include/defend.h).
 *
 * SYNs are counted where each CPU keeps what it knows of the listener, and told to the service's
 * struct defence once in a jiffy or 64 SYNs: otherwise all CPUs would fight for one cache line with
 * each packet of a flood.
 */
#ifndef SYNGUARD_DEFENCE_H
#define SYNGUARD_DEFENCE_H

#include "defend.h"
#include "dry.h"

enum { SYNS_TOLD_AT_ONCE = 64 };

/* The service of an address and port of this host. */
struct protection {
	__u32 policy;  /* 0: not protected */
	__u32 defence; /* index */
};

/* The services of one address, behind a function of its own: few ports have any. */
__noinline int addr_service_find(const struct conn_key *conn, __u32 bank,
				 struct protection *ret_found)
{
	struct addr_key key = {.bank = (__u16)bank};
	const struct addr_service *service;

	if (!conn || !ret_found)
		return 0;
	key.port = conn->local_port;
	copy32(key.addr, conn->local, 4);
	service = bpf_map_lookup_elem(&addr_services, &key);
	if (!service)
		return 0;
	ret_found->policy = service->policy;
	ret_found->defence = service->defence;
	return 1;
}

INLINE void protection_find(const struct conn_key *key, __u32 bank, struct protection *ret_found)
{
	const struct rule *rule = rule_get(bank, key->local_port);

	ret_found->policy = rule ? rule->policy : 0;
	ret_found->defence = key->local_port;
	if (rule && rule->by_addr)
		addr_service_find(key, bank, ret_found);
}

/* Does the service of this address and port only watch? */
INLINE int protection_monitors(const struct conn_key *key, __u32 bank)
{
	const struct policy *policy;
	struct protection found;

	protection_find(key, bank, &found);
	policy = policy_get(bank, found.policy);
	return policy && policy->mode == MODE_MONITOR;
}

/*
 * Handshakes that the kernel has under way or will have: it sees the packets of a NAPI batch after
 * XDP has seen them all.
 */
INLINE __u32 listener_unfinished(const struct listener *s)
{
	return s->unfinished + s->passed;
}

/* Tell the service how many SYNs there were, and how full the listener's queue is. */
__noinline int defence_tell(struct listener *lst, const struct config *cfg, __u32 bank,
			    const struct protection *service, __u64 now)
{
	struct load load = {};
	const struct policy *policy;
	struct defence *d;

	if (!lst || !cfg || !service || dry_run)
		return 0;
	policy = policy_get(bank, service->policy);
	d = defence_get(service->defence);
	if (!policy || !d)
		return 0;
	load.unfinished = listener_unfinished(lst);
	load.backlog = lst->backlog;
	if (defend_tell(d, policy, &load, lst->syns, now, cfg->hz)) {
		d->started_s = (__u32)(bpf_ktime_get_boot_ns() / 1000000000);
		d->attacks++;
	}
	lst->syns = 0;
	lst->told_at = (__u32)now;
	return 0;
}

INLINE int defence_flooded(__u32 index, const struct policy *policy, const struct config *cfg,
			   __u64 now)
{
	const struct defence *d = defence_get(index);

	return d && defend_flooded(d, policy, now, cfg->hz);
}

INLINE int defence_active(__u32 index, __u64 now)
{
	const struct defence *d = defence_get(index);

	return d && defend_active(d, now);
}

#endif
