/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps a flood within bounds, whoever sends it: limits per prefix, SYNs dropped once, and the
 * clients that have proven themselves.  Tables of fixed size in which nothing has to be removed;
 * the arithmetic is in include/bucket.h, once.h and proven.h.  Plain loads and stores: where two
 * CPUs write one cell at once, one packet may go uncounted.
 */
#ifndef SYNGUARD_LIMITS_H
#define SYNGUARD_LIMITS_H

#include "bucket.h"
#include "conns.h"
#include "dry.h"
#include "once.h"
#include "packet.h"
#include "proven.h"

/* Limits per prefix.  Written and read by the programs; a new attachment starts with empty ones. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct buckets);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} buckets SEC(".maps");

/* SYNs dropped once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct once);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} dropped SEC(".maps");

/* Clients that have finished a handshake lately. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct proven);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} proven SEC(".maps");

/* Where SYNs went to the kernel lately. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kernel_syns);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} kernel_syns SEC(".maps");

INLINE struct buckets *buckets_get(void)
{
	return bpf_map_lookup_elem(&buckets, &only);
}

INLINE __u64 hash_secret(void)
{
	const struct keys *k = keys_get();

	return k ? k->presence : 0;
}

/* Seconds of jiffies. */
INLINE __u32 seconds_of(__u64 now, const struct config *cfg)
{
	return (__u32)(now / (cfg->hz ? cfg->hz : 1));
}

/*
 * Beyond a limit: has this very segment come a moment ago?  So nobody is shut out who repeats what
 * was dropped, as every honest client does, and a flood needs two packets for each that counts.
 */
static __noinline int packet_repeated(const struct packet *pkt, const struct config *cfg, __u64 now)
{
	struct once *o = bpf_map_lookup_elem(&dropped, &only);
	const struct keys *k = keys_get();
	__u64 hash;

	if (!o || !k || dry_run)
		return 0;
	hash = tuple_hash(&k->tuple, &pkt->key);
	hash = (hash ^ ((__u64)pkt->ack << 32 | pkt->seq)) * 0x9e3779b97f4a7c15ULL;
	return once_seen(o, hash ^ hash >> 32, seconds_of(now, cfg) / ONCE_SLICE_S);
}

/*
 * May the SYN's source get a SYN-ACK?  The host must not be made to send at a victim more than the
 * limit, but beyond it a real client's second SYN is answered, because a flood that does the
 * same sends two packets for each that it gets sent.  owed: as if beyond it, see synacks_owed().
 */
INLINE int synack_allowed(const struct packet *pkt, __u32 prefix, const struct config *cfg,
			  const struct settings *st, __u64 now, __u32 owed)
{
	struct buckets *b = buckets_get();
	struct bucket *bucket;

	if (!b)
		return 1;
	bucket = &b->synack[prefix & (BUCKETS - 1)];
	if (dry_run)
		return !bucket_full(bucket, &st->synack, (__u32)now, cfg->hz);
	return (!owed && bucket_add(bucket, &st->synack, (__u32)now, cfg->hz)) ||
	       packet_repeated(pkt, cfg, now);
}

/* A SYN for a live connection: are those of its prefix within their limit? */
__noinline int live_syn_allowed(const struct packet *pkt, const struct config *cfg,
				const struct settings *st, __u64 now)
{
	struct buckets *b = buckets_get();
	struct bucket *bucket;

	if (!pkt || !cfg || !st || !b)
		return 1;
	bucket = &b->live_syn[prefix_hash(hash_secret(), pkt->key.remote) & (BUCKETS_RARE - 1)];
	if (dry_run)
		return !bucket_full(bucket, &st->live_syn, (__u32)now, cfg->hz);
	return bucket_add(bucket, &st->live_syn, (__u32)now, cfg->hz) ||
	       packet_repeated(pkt, cfg, now);
}

/* Only a proven handshake fills this one, so nobody can fill it for others. */
INLINE int new_conn_limited(__u32 prefix, const struct settings *st, const struct config *cfg,
			    __u64 now)
{
	const struct buckets *b = buckets_get();

	return b && bucket_full(&b->new_conn[prefix & (BUCKETS_RARE - 1)], &st->new_conn,
				(__u32)now, cfg->hz);
}

/* Where the bad ACKs of the packet's prefix are counted. */
INLINE struct bucket *bad_acks_find(const struct packet *pkt)
{
	struct buckets *b = buckets_get();
	const __u32 hash = prefix_hash(hash_secret(), pkt->key.remote);

	return b ? &b->bad_ack[hash & (BUCKETS_RARE - 1)] : 0;
}

/* Has its prefix sent too many? */
INLINE int bad_acks_limited(const struct bucket *b, const struct settings *st,
			    const struct config *cfg, __u64 now)
{
	return b && bucket_full(b, &st->bad_ack, (__u32)now, cfg->hz);
}

INLINE __u64 *proven_find(__u64 hash)
{
	struct proven *p = bpf_map_lookup_elem(&proven, &only);

	return p ? &p->cells[proven_index(hash)] : 0;
}

/* Has the client credit left?  Then one SYN's worth of it is gone. */
__noinline int proven_take(const struct packet *pkt, const struct config *cfg, __u32 bank,
			   __u64 now)
{
	const struct settings *st = settings_get(bank);
	__u64 hash, was, *cell;

	if (!pkt || !cfg || !st)
		return 0;
	hash = client_hash(hash_secret(), pkt->key.remote);
	cell = proven_find(hash);
	if (!cell)
		return 0;
	/* Read once: should another CPU take the last credit meanwhile, it must not become -1. */
	was = *(volatile __u64 *)cell;
	if (!proven_credit(was, hash, seconds_of(now, cfg), st->proven_s))
		return 0;
	if (!dry_run)
		*cell = was - 1;
	return 1;
}

/* A client has finished a handshake: its address is its own. */
__noinline int client_proven(const struct conn_key *key, const struct config *cfg, __u32 bank,
			     __u64 now)
{
	const struct settings *st = settings_get(bank);
	struct buckets *b = buckets_get();
	__u64 hash, *cell;
	__u32 prefix;

	if (!key || !cfg || !st || !b)
		return 0;
	hash = client_hash(hash_secret(), key->remote);
	cell = proven_find(hash);
	if (cell)
		*cell = proven_cell(hash, seconds_of(now, cfg), st->proven_credit);
	prefix = prefix_hash(hash_secret(), key->remote);
	bucket_add(&b->new_conn[prefix & (BUCKETS_RARE - 1)], &st->new_conn, (__u32)now, cfg->hz);
	return 1;
}

/* hash: table_hash() of the tuple, whose last bits tell neighbours apart. */
INLINE __u32 *kernel_syn_find(__u64 hash)
{
	struct kernel_syns *k = bpf_map_lookup_elem(&kernel_syns, &only);

	return k ? &k->cells[(hash >> 48 ^ hash) & (KERNEL_SYN_CELLS - 1)] : 0;
}

/* The hash's next 16 bits, a bit so that it is never 0 (a cell not used yet), and the epoch. */
INLINE __u32 kernel_syn_stamp(__u64 hash, const struct config *cfg, __u64 now)
{
	return (__u32)(hash >> 32) << 16 | 0x8000 | ((now >> (cfg->epoch_shift & 63)) & 0x7fff);
}

INLINE void kernel_syn_note(__u64 hash, const struct config *cfg, __u64 now)
{
	__u32 *cell = kernel_syn_find(hash);

	if (cell)
		*cell = kernel_syn_stamp(hash, cfg, now);
}

/*
 * May the kernel have a handshake of its own for this tuple?  That one must go on, whatever is done
 * about new ones.
 */
INLINE int kernel_syn_recent(__u64 hash, const struct config *cfg, __u64 now)
{
	const __u32 *cell = kernel_syn_find(hash), stamp = kernel_syn_stamp(hash, cfg, now);

	if (!cell || !*cell || (stamp ^ *cell) >> 16)
		return 0;
	return ((stamp - *cell) & 0x7fff) <=
	       (KERNEL_SYN_S * cfg->hz >> (cfg->epoch_shift & 31)) + 1;
}

#endif
