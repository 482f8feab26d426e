// SPDX-License-Identifier: GPL-2.0
/* See services.h. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <sched.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "services.h"
#include "xdp.skel.h"

static int map_find(struct bed *b, const char *name)
{
	const int fd = bpf_object__find_map_fd_by_name(b->s.xdp->obj, name);

	must(fd >= 0, name);
	return fd;
}

void services_map_read(struct bed *b, const char *map, void *value)
{
	const __u32 zero = 0;

	must(!bpf_map_lookup_elem(map_find(b, map), &zero, value), map);
}

void services_map_write(struct bed *b, const char *map, const void *value)
{
	const __u32 zero = 0;

	must(!bpf_map_update_elem(map_find(b, map), &zero, value, BPF_ANY), map);
}

void services_map_zero(struct bed *b, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(b->s.xdp->obj, name);
	const size_t size = map ? (bpf_map__value_size(map) + 7) / 8 * 8 : 8;
	void *none = calloc((size_t)libbpf_num_possible_cpus(), size);

	must(map && none, name);
	for (__u32 i = 0; i < bpf_map__max_entries(map); i++)
		must(!bpf_map_update_elem(bpf_map__fd(map), &i, none, BPF_ANY), name);
	free(none);
}

static void remembered_clear(struct bed *b)
{
	static const struct buckets buckets;
	static const struct once dropped;
	static const struct proven proven;
	static const struct kernel_syns kernel_syns;

	services_map_write(b, "buckets", &buckets);
	services_map_write(b, "dropped", &dropped);
	services_map_write(b, "proven", &proven);
	services_map_write(b, "kernel_syns", &kernel_syns);
}

int services_reset(void **state)
{
	struct bed *b = *state;
	struct runtime rt;

	bed_reset(state);
	remembered_clear(b);
	rt = shield_runtime(&b->s);
	rt.bank = 0;
	rt.synacks_owed = 0;
	shield_runtime_write(&b->s, &rt);
	services_settings(b, 1, &b->s.settings);
	services_policy(b, 1, SHIELD_POLICY, &b->s.policy);
	return 0;
}

void services_auto(struct bed *b)
{
	b->s.policy = (struct policy){
	    .mode = MODE_AUTO, .syn_rate_on = 1000000, .syn_rate_off = 500000, .hold_ms = 60000};
	shield_config_write(&b->s);
}

void services_policy(struct bed *b, __u32 bank, __u32 index, const struct policy *p)
{
	const __u32 key = bank * MAX_POLICIES + index;

	must(!bpf_map_update_elem(map_find(b, "policies"), &key, p, BPF_ANY), "write a policy");
}

void services_rule(struct bed *b, __u32 bank, __u16 port, __u32 policy, int by_addr)
{
	const __u32 key = bank * MAX_PORTS + port;
	const struct rule rule = {.policy = (__u16)policy, .by_addr = (__u8)by_addr};

	must(!bpf_map_update_elem(map_find(b, "rules"), &key, &rule, BPF_ANY), "write a rule");
}

void services_settings(struct bed *b, __u32 bank, const struct settings *st)
{
	must(!bpf_map_update_elem(map_find(b, "settings"), &bank, st, BPF_ANY), "write settings");
}

void services_addr(struct bed *b, __u32 bank, const struct pkt *p, __u32 policy, __u32 defence)
{
	const struct conn_key tuple = shield_key(p);
	const struct addr_service service = {.policy = (__u16)policy, .defence = defence};
	struct addr_key key = {.port = p->dport, .bank = (__u16)bank};

	memcpy(key.addr, tuple.local, 16);
	must(!bpf_map_update_elem(map_find(b, "addr_services"), &key, &service, BPF_ANY),
	     "write a service");
}

void services_bank(struct bed *b, __u32 bank)
{
	struct runtime rt = shield_runtime(&b->s);

	rt.bank = bank;
	shield_runtime_write(&b->s, &rt);
}

void services_attack(struct bed *b, __u32 defence)
{
	struct defence d = shield_defence(&b->s, defence);

	d.until = shield_jiffies(&b->s) + 3600 * (__u64)b->s.config.hz;
	shield_defence_write(&b->s, defence, &d);
}

void services_flood(struct bed *b, __u32 defence)
{
	struct defence d;

	services_attack(b, defence);
	d = shield_defence(&b->s, defence);
	d.window = (__u32)shield_jiffies(&b->s);
	d.syns = 1000000;
	shield_defence_write(&b->s, defence, &d);
}

void services_peace(struct bed *b, __u32 defence)
{
	struct defence d = shield_defence(&b->s, defence);

	d.until = shield_jiffies(&b->s);
	d.syns = 0;
	shield_defence_write(&b->s, defence, &d);
}

void services_prefix(struct pkt *p, __u32 prefix, __u8 host)
{
	if (p->v6) {
		put32(p->src, 0x20010db8);
		put32(p->src + 4, prefix << 16);
		p->src[15] = host;
	} else {
		put32(p->src, 0x0b000000 + (prefix << 8) + host);
	}
}

void services_wait(struct bed *b, __u64 jiffies)
{
	const __u64 until = shield_jiffies(&b->s) + jiffies;
	const struct timespec brief = {.tv_nsec = 1000000};

	while (shield_jiffies(&b->s) < until)
		nanosleep(&brief, NULL);
}

void services_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	must(!sched_setaffinity(0, sizeof(one), &one), "stay on one CPU");
}
