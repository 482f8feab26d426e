// SPDX-License-Identifier: GPL-2.0
/* The programs under test and their maps; see shield.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addr.h"
#include "cookie.h"
#include "direct.h"
#include "shield.h"
#include "table.h"
#include "track.h"
#include "world.h"
#include "kernel.skel.h"
#include "xdp.skel.h"

enum { TCX_INGRESS = 46, TCX_EGRESS = 47, EPOCH_SHIFT_TEST = 16, CPUS_MAX = 1024 };

static const char *const names[REASON_MAX] = {
#define X(name, stage, verdict, text) #name,
    SYNGUARD_REASONS(X)
#undef X
};

const char *reason_name(enum reason r)
{
	return r < REASON_MAX ? names[r] : "(none)";
}

__u32 shield_max_conns = MAX_CONNS;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static void unpin(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, obj)
		bpf_map__set_pin_path(map, NULL);
}

static void load(struct shield *s)
{
	struct bpf_map *map, *ours;

	libbpf_set_print(quiet);
	must(!direct_enable(), "have look-ups replaced");
	s->xdp = synguard_xdp__open();
	s->kernel = synguard_kernel__open();
	must(s->xdp && s->kernel, "open the BPF objects");
	unpin(s->xdp->obj);
	unpin(s->kernel->obj);
	must(!bpf_map__set_max_entries(s->xdp->maps.conns, table_slots(shield_max_conns)) &&
		 !bpf_map__set_max_entries(s->xdp->maps.presence,
					   presence_words(table_slots(shield_max_conns))),
	     "size conns");
	must(!synguard_xdp__load(s->xdp), "load xdp.bpf.o");
	bpf_object__for_each_map (map, s->kernel->obj) {
		ours = bpf_object__find_map_by_name(s->xdp->obj, bpf_map__name(map));
		if (bpf_map__is_internal(map))
			continue; /* each has constants of its own */
		if (ours && strcmp(bpf_map__name(map), "rooms") != 0 &&
		    strcmp(bpf_map__name(map), "trace_scratch") != 0)
			must(!bpf_map__reuse_fd(map, bpf_map__fd(ours)), "share a map");
	}
	bpf_program__set_expected_attach_type(s->kernel->progs.synguard_tc,
					      (enum bpf_attach_type)TCX_INGRESS);
	bpf_program__set_expected_attach_type(s->kernel->progs.synguard_egress,
					      (enum bpf_attach_type)TCX_EGRESS);
	must(!synguard_kernel__load(s->kernel), "load kernel.bpf.o");
	s->watcher = bpf_program__attach(s->kernel->progs.synguard_sock);
	s->watcher2 = bpf_program__attach(s->kernel->progs.synguard_sock2);
	must(s->watcher && s->watcher2, "attach synguard_sock");
}

static void write_only(int map, const void *value)
{
	const __u32 zero = 0;

	must(!bpf_map_update_elem(map, &zero, value, BPF_ANY), "write a map");
}

static void read_only(int map, void *value)
{
	const __u32 zero = 0;

	must(!bpf_map_lookup_elem(map, &zero, value), "read a map");
}

/* *(u64 *)ctx = bpf_jiffies64(); return 0; */
static int jiffies_load(void)
{
	const struct bpf_insn insns[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64},
	    {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 6, .src_reg = 0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_SLEEPABLE);

	return bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "jiffies", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), &opts);
}

__u64 shield_jiffies(struct shield *s)
{
	__u64 now = 0;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &now, .ctx_size_in = sizeof(now));

	must(!bpf_prog_test_run_opts(s->jiffies_prog, &opts), "read jiffies");
	return now;
}

__u64 shield_epoch(struct shield *s)
{
	const struct keys ring = shield_keys(s);

	return cookie_epoch_now(&ring, &s->config, shield_jiffies(s));
}

__u32 shield_tick(struct shield *s)
{
	const struct keys ring = shield_keys(s);

	return cookie_tick_now(&ring, &s->config, shield_jiffies(s));
}

static void config_fill(struct shield *s)
{
	struct config *c = &s->config;
	struct timespec tick;
	struct stat ns;

	must(!stat("/proc/self/ns/net", &ns), "find the network namespace");
	must(!clock_getres(CLOCK_MONOTONIC_COARSE, &tick), "read the clock's resolution");
	*c = (struct config){
	    .abi = SYNGUARD_ABI,
	    .xdp_mode = XDP_ATTACH_NATIVE,
	    .hop_limit = 64,
	    .ifindex = if_nametoindex(WORLD_IFACE),
	    .netns_ino = (__u32)ns.st_ino,
	    .mark = 0x5eed1234,
	    .hz = (__u32)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec),
	    .epoch_shift = EPOCH_SHIFT_TEST,
	    .rmem_max = (__u32)world_rmem_max(),
	    .max_conns = shield_max_conns,
	    .slots = table_slots(shield_max_conns),
	    .timeouts = timeouts_default(),
	    .tick_ms_q16 = (__u32)(((__u64)tick.tv_nsec << 16) / 1000000),
	};
	memcpy(c->mac, pkt_server_mac, 6);
}

/* No limit that a test meets without asking for it, and no attack. */
static void settings_fill(struct shield *s)
{
	s->policy = (struct policy){.mode = MODE_ALWAYS, .hold_ms = 10000};
	s->settings = (struct settings){.proven_s = 600,
					.proven_credit = 8,
					.resend_ms = 1000,
					.resend_times = 2,
					.mode = MODE_AUTO};
}

/* As the sweeper tells it to the programs. */
static __u32 boottime_s(void)
{
	struct timespec now;

	must(!clock_gettime(CLOCK_BOOTTIME, &now), "ask for the time");
	return (__u32)now.tv_sec;
}

int shield_open(struct shield *s)
{
	struct keys ring = {.epoch_mask = 0x1122334455667788, .presence = 0x99aabbccddeeff01};
	struct runtime rt = {.table_complete = 1, .boottime_s = boottime_s()};

	tuple_key_make(&ring.tuple, ring.presence);
	memset(s, 0, sizeof(*s));
	load(s);
	s->jiffies_prog = jiffies_load();
	must(s->jiffies_prog >= 0, "load the jiffies program");
	s->config_map = bpf_map__fd(s->xdp->maps.config);
	s->runtime_map = bpf_map__fd(s->xdp->maps.runtime);
	s->keys_map = bpf_map__fd(s->xdp->maps.keys);
	s->conns_map = bpf_map__fd(s->xdp->maps.conns);
	s->halfopen_map = bpf_map__fd(s->xdp->maps.halfopen);
	s->counters_map = bpf_map__fd(s->xdp->maps.counters);
	config_fill(s);
	settings_fill(s);
	s->slots = mmap(NULL, s->config.slots * sizeof(*s->slots), PROT_READ | PROT_WRITE,
			MAP_SHARED, s->conns_map, 0);
	s->presence =
	    mmap(NULL, presence_words(s->config.slots) * sizeof(*s->presence),
		 PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(s->xdp->maps.presence), 0);
	must(s->slots != MAP_FAILED && s->presence != MAP_FAILED, "map conns into memory");
	shield_config_write(s);
	for (int i = 0; i < 16; i++) {
		ring.slot[0][i] = (__u8)(i * 7 + 1);
		ring.slot[1][i] = (__u8)(i * 11 + 3);
	}
	shield_keys_write(s, &ring);
	shield_runtime_write(s, &rt);
	return 0;
}

void shield_close(struct shield *s)
{
	bpf_link__destroy(s->watcher2);
	bpf_link__destroy(s->watcher);
	close(s->jiffies_prog);
	munmap(s->slots, s->config.slots * sizeof(*s->slots));
	munmap(s->presence, presence_words(s->config.slots) * sizeof(*s->presence));
	synguard_kernel__destroy(s->kernel);
	synguard_xdp__destroy(s->xdp);
}

void shield_config_write(struct shield *s)
{
	const __u32 policy = SHIELD_POLICY;

	write_only(s->config_map, &s->config);
	write_only(bpf_map__fd(s->xdp->maps.settings), &s->settings);
	must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.policies), &policy, &s->policy, BPF_ANY),
	     "write a policy");
}

void shield_settings_reset(struct shield *s)
{
	settings_fill(s);
	shield_config_write(s);
}

struct runtime shield_runtime(struct shield *s)
{
	struct runtime rt;

	read_only(s->runtime_map, &rt);
	return rt;
}

void shield_runtime_write(struct shield *s, const struct runtime *rt)
{
	write_only(s->runtime_map, rt);
}

void shield_budget(struct shield *s, __u32 used)
{
	struct budget budgets[256];
	const __u32 zero = 0;

	must(libbpf_num_possible_cpus() <= 256, "count the CPUs");
	for (int i = 0; i < 256; i++)
		budgets[i] = (struct budget){.since = (__u32)shield_jiffies(s), .used = used};
	must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.budgets), &zero, budgets, BPF_ANY),
	     "write budgets");
}

void shield_forget(struct shield *s)
{
	struct runtime rt = shield_runtime(s);

	rt.listen_gen++;
	shield_runtime_write(s, &rt);
}

struct keys shield_keys(struct shield *s)
{
	struct keys ring;

	read_only(s->keys_map, &ring);
	return ring;
}

void shield_keys_write(struct shield *s, const struct keys *ring)
{
	write_only(s->keys_map, ring);
}

void shield_port(struct shield *s, __u16 port, int protect)
{
	const __u32 index = port;
	const struct rule rule = {.policy = protect ? SHIELD_POLICY : 0};

	must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.rules), &index, &rule, BPF_ANY),
	     "write a rule");
}

struct defence shield_defence(struct shield *s, __u32 index)
{
	struct defence d;

	must(!bpf_map_lookup_elem(bpf_map__fd(s->xdp->maps.defences), &index, &d),
	     "read a defence");
	return d;
}

void shield_defence_write(struct shield *s, __u32 index, const struct defence *d)
{
	must(!bpf_map_update_elem(bpf_map__fd(s->xdp->maps.defences), &index, d, BPF_ANY),
	     "write a defence");
}

void shield_port_kernel_until(struct shield *s, __u16 port, __u64 jiffies)
{
	struct defence d = shield_defence(s, port);

	d.kernel_until = jiffies;
	shield_defence_write(s, port, &d);
}

/* The filter in front of conns counts what is in it. */
static void presence_count(struct shield *s, const struct conn_key *key, int by)
{
	const struct keys ring = shield_keys(s);
	const __u32 cell = presence_cell(table_hash(&ring.tuple, key), s->config.slots);

	s->presence[cell / PRESENCE_IN_WORD] += (__u64)(__s64)by * presence_one(cell);
}

/* What a test enters and removes adds up with what the programs do. */
static void runtime_count(struct shield *s, unsigned int made, unsigned int expired)
{
	struct runtime rt = shield_runtime(s);

	rt.conns_made += made;
	rt.conns_expired += expired;
	shield_runtime_write(s, &rt);
}

static __u32 home_of(struct shield *s, const struct conn_key *key)
{
	const struct keys ring = shield_keys(s);

	return table_home(table_hash(&ring.tuple, key), s->config.slots);
}

/*
 * The place of a key, or the first free one if it has none: TABLE_WINDOW if there is none, either.
 */
static __u32 place_find(struct shield *s, const struct conn_key *key, int *ret_found)
{
	const __u32 home = home_of(s, key);
	__u32 i, free_place = TABLE_WINDOW;

	*ret_found = 0;
	for (i = 0; i < TABLE_WINDOW; i++) {
		const struct conn *slot = &s->slots[table_place(home, i, s->config.slots)];

		if (!slot_live(slot) && free_place == TABLE_WINDOW)
			free_place = i;
		if (slot_live(slot) && key_equal(&slot->key, key)) {
			*ret_found = 1;
			return i;
		}
	}
	return free_place;
}

static struct conn *slot_at(struct shield *s, const struct conn_key *key, __u32 place)
{
	return &s->slots[table_place(home_of(s, key), place, s->config.slots)];
}

int shield_conn(struct shield *s, const struct conn_key *key, struct conn *ret_conn)
{
	int found;
	const __u32 place = place_find(s, key, &found);

	if (found && ret_conn)
		*ret_conn = *slot_at(s, key, place);
	return found;
}

int shield_half(struct shield *s, const struct conn_key *key, struct conn *ret_conn)
{
	struct conn conn;

	return !bpf_map_lookup_elem(s->halfopen_map, key, ret_conn ? ret_conn : &conn);
}

int shield_conn_enter(struct shield *s, const struct conn_key *key, const struct conn *conn)
{
	int found;
	const __u32 place = place_find(s, key, &found);
	struct conn *slot;
	__u32 displaced;

	must(place < TABLE_WINDOW, "find a place in conns");
	slot = slot_at(s, key, place);
	displaced = slot->displaced;
	*slot = *conn;
	slot->key = *key;
	slot->displaced = displaced;
	s->slots[home_of(s, key)].displaced |= 1U << place;
	return found;
}

static void presence_clear(struct shield *s)
{
	memset(s->presence, 0, presence_words(s->config.slots) * sizeof(*s->presence));
}

void shield_presence_refresh(struct shield *s)
{
	presence_clear(s);
	for (__u32 i = 0; i < s->config.slots; i++)
		if (slot_live(&s->slots[i]))
			presence_count(s, &s->slots[i].key, 1);
}

void shield_conn_write(struct shield *s, const struct conn_key *key, const struct conn *conn)
{
	if (shield_conn_enter(s, key, conn))
		return;
	presence_count(s, key, 1);
	runtime_count(s, 1, 0);
}

void shield_conn_delete(struct shield *s, const struct conn_key *key)
{
	int found;
	const __u32 place = place_find(s, key, &found);

	if (!found)
		return;
	slot_at(s, key, place)->head = (struct conn_head){0};
	s->slots[home_of(s, key)].displaced &= ~(1U << place);
	presence_count(s, key, -1);
	runtime_count(s, 0, 1);
}

void shield_conns_clear(struct shield *s)
{
	struct runtime rt = shield_runtime(s);
	struct conn_key key, next;
	int end;

	rt.conns_made = rt.conns_closed = rt.conns_expired = 0;
	shield_runtime_write(s, &rt);
	memset(s->slots, 0, s->config.slots * sizeof(*s->slots));
	presence_clear(s);
	/* The key after one that is gone would be the first, so look for it before. */
	for (end = bpf_map_get_next_key(s->halfopen_map, NULL, &key); !end; key = next) {
		end = bpf_map_get_next_key(s->halfopen_map, &key, &next);
		bpf_map_delete_elem(s->halfopen_map, &key);
	}
}

unsigned int shield_conns_count(struct shield *s)
{
	unsigned int n = 0;

	for (__u32 i = 0; i < s->config.slots; i++)
		n += slot_live(&s->slots[i]);
	return n;
}

unsigned int shield_halves_count(struct shield *s)
{
	struct conn_key key, *at = NULL;
	unsigned int n = 0;

	for (; !bpf_map_get_next_key(s->halfopen_map, at, &key); at = &key)
		n++;
	return n;
}

void shield_sweep(struct shield *s)
{
	__u32 all = 1; /* struct sweep_request */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &all, .ctx_size_in = sizeof(all));

	must(!bpf_prog_test_run_opts(bpf_program__fd(s->kernel->progs.synguard_sweep), &opts) &&
		 !opts.retval,
	     "sweep");
}

struct conn_key shield_key(const struct pkt *p)
{
	struct conn_key key = {.remote_port = p->sport, .local_port = p->dport};
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (p->v6) {
		memcpy(key.remote, p->src, 16);
		memcpy(key.local, p->dst, 16);
		return key;
	}
	memcpy(key.remote, mapped, 12);
	memcpy(key.local, mapped, 12);
	memcpy(key.remote + 12, p->src, 4);
	memcpy(key.local + 12, p->dst, 4);
	return key;
}
