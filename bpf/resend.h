/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For servers that speak first (SSH, SMTP, FTP, MySQL).  A client whose last ACK is lost is
 * connected, as far as it knows, and waits; a cookie stores nothing that could be sent again.  So in
 * an attack each CPU keeps the SYNs to such a service that it answered, for a moment, and if no
 * connection has come of one, answers it again.
 *
 * XDP cannot make a frame.  It takes that of a later SYN to such a service, of which there are many
 * in an attack: its own frame is overwritten with the SYN that was kept, and answered in its place.
 * So still no more SYN-ACKs leave than SYNs come, and the client whose SYN it was repeats it.
 *
 * A queue in order of time, of fixed size: full, or with one of the same prefix in it that waits for
 * its first repetition (by a filter of two hashes), a SYN is not kept.  So a flood from few prefixes,
 * however fast, leaves room for others; one from all over the Internet does not, and then most
 * clients are no better off than with any cookie.
 */
#ifndef SYNGUARD_RESEND_H
#define SYNGUARD_RESEND_H

#include "conns.h"
#include "limits.h"

enum resend_shape {
	RESEND_CELLS = 8000, /* with them the queue's ends still fit into a per-CPU value, 32 KB */
	RESEND_SHARE = 4,    /* at most one SYN's frame in so many */
	RESEND_LOOKS = 8,    /* entries that are done with, per packet */
	RESEND_LATE_S = 30,  /* later than this a client no longer waits for it */
};

/* SYNs that may have to be answered again.  Each CPU's own; nothing else reads it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RESENDS);
	__type(key, __u32);
	__type(value, struct resend);
} resends SEC(".maps");

/* When a prefix with this cell may have an entry again, and where that queue begins and ends. */
struct resend_queue {
	__u32 free_at[RESEND_CELLS]; /* jiffies, low 32 bits */
	__u32 first;
	__u32 next;
	__u32 syns; /* since a frame was last taken */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct resend_queue);
} resend_queues SEC(".maps");

INLINE struct resend_queue *resend_queue_get(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&resend_queues, &zero);
}

INLINE struct resend *resend_at(__u32 index)
{
	const __u32 slot = index & (RESENDS - 1);

	return bpf_map_lookup_elem(&resends, &slot);
}

INLINE __u32 resend_wait(const struct settings *st, const struct config *cfg)
{
	return (__u32)((__u64)st->resend_ms * cfg->hz / 1000);
}

/* Jiffies come round: what looks further ahead than the wait was left over weeks ago. */
INLINE int resend_ahead(__u32 at, const struct settings *st, const struct config *cfg, __u64 now)
{
	const __u32 left = at - (__u32)now;

	return left && left <= resend_wait(st, cfg);
}

/*
 * A prefix has two cells, and is in the queue if both are taken.  With one of 4096, as it was, each
 * 32nd client found it taken by some other of a flood's 128 prefixes, all the time; now each
 * thousandth does.
 */
INLINE __u32 *resend_cell(struct resend_queue *q, __u32 hash)
{
	return &q->free_at[(__u64)hash * RESEND_CELLS >> 32];
}

/* Keep a SYN, before it is turned into its answer. */
__noinline int resend_keep(struct xdp_md *ctx, const struct packet *pkt, const struct config *cfg,
			   __u32 bank, __u64 now)
{
	const struct settings *st = settings_get(bank);
	struct resend_queue *q = resend_queue_get();
	struct resend *r;
	__u32 *cell[2], hash, len;

	if (!pkt || !cfg || !st || !q || !st->resend_times || pkt->frame_len > RESEND_BYTES)
		return 0;
	hash = prefix_hash(hash_secret(), pkt->key.remote);
	cell[0] = resend_cell(q, hash);
	cell[1] = resend_cell(q, hash << 16 | hash >> 16);
	r = resend_at(q->next);
	if (!r || r->len ||
	    (resend_ahead(*cell[0], st, cfg, now) && resend_ahead(*cell[1], st, cfg, now)))
		return 0;
	len = pkt->frame_len;
	barrier_var(len);
	if (!len || len > RESEND_BYTES || bpf_xdp_load_bytes(ctx, 0, r->frame, len))
		return 0;
	copy32(&r->key, &pkt->key, sizeof(r->key) / 4);
	r->due = (__u32)now + resend_wait(st, cfg);
	r->times = 0;
	r->len = (__u16)len;
	*cell[0] = *cell[1] = r->due;
	q->next++;
	return 1;
}

INLINE void resend_drop(struct resend_queue *q, struct resend *r)
{
	r->len = 0;
	q->first++;
}

/* The entry that is due, has no connection, and whose source may get a SYN-ACK; or NULL. */
INLINE struct resend *resend_next(struct resend_queue *q, const struct config *cfg,
				  const struct settings *st, __u64 now)
{
	struct buckets *b = buckets_get();
	struct resend *r;

	for (int i = 0; i < RESEND_LOOKS; i++) {
		r = resend_at(q->first);
		if (!r || !b || !r->len || resend_ahead(r->due, st, cfg, now))
			return 0;
		if ((__u32)now - r->due < RESEND_LATE_S * cfg->hz && !conn_get(&r->key, cfg) &&
		    bucket_add(
			&b->synack[prefix_hash(hash_secret(), r->key.remote) & (BUCKETS - 1)],
			&st->synack, (__u32)now, cfg->hz))
			return r;
		resend_drop(q, r);
	}
	return 0;
}

/* Once more to its end, if it may be answered yet another time. */
INLINE void resend_again(struct resend_queue *q, const struct resend *was,
			 const struct settings *st, const struct config *cfg, __u64 now)
{
	struct resend *r = resend_at(q->next);

	if (was->times + 1 >= st->resend_times || !r || r->len)
		return;
	copy32(r, was, sizeof(*r) / 4);
	r->due = (__u32)now + resend_wait(st, cfg);
	r->times = was->times + 1;
	q->next++;
}

/*
 * Is another SYN to be answered in the place of the one in this frame?  Then the frame is that SYN
 * now, as it came then.  frame_len: of the frame, bytes.  Returns 1; -1: the frame is spoilt.
 */
__noinline int resend_take(struct xdp_md *ctx, const struct config *cfg, __u32 bank, __u64 now,
			   __u32 frame_len)
{
	const struct settings *st = settings_get(bank);
	struct resend_queue *q = resend_queue_get();
	struct runtime *rt = runtime_get();
	struct resend *r;
	__u32 len;
	long err;

	if (!cfg || !st || !q || !rt || ++q->syns < RESEND_SHARE)
		return 0;
	r = resend_next(q, cfg, st, now);
	if (!r)
		return 0;
	q->syns = 0;
	len = r->len;
	barrier_var(len);
	if (len > RESEND_BYTES)
		len = RESEND_BYTES;
	err = bpf_xdp_adjust_tail(ctx, (int)len - (int)frame_len);
	if (!err && len)
		err = bpf_xdp_store_bytes(ctx, 0, r->frame, len);
	/* More bytes leave than came: one SYN more goes without an answer. */
	if (frame_len < len)
		rt->synacks_owed++;
	resend_again(q, r, st, cfg, now);
	resend_drop(q, r);
	return err ? -1 : 1;
}

#endif
