/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flood itself, run by xdpflood through BPF_PROG_TEST_RUN with live frames, as if they came in
 * by the interface that they shall leave by: each run makes one frame and sends it back, with no skb
 * on this side, as a NIC's ring would be filled.
 *
 * The kernel hands out the same pages again and again as the other end left them, so a frame is
 * written from its first byte to its last.
 *
 * What comes while a NIC's ring is full is gone at no cost to the host.  Not so with a veth: the
 * sender gives the page back, under a lock that the receiver needs to give back its own, and by
 * waiting for each other they lose more than half of what the receiver could take.  So a veth's ring is
 * looked at before each chunk of frames; where it is full, the chunk counts as lost, and it is the
 * next one's turn when it would be on a wire.
 */
#include "xdpflood.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { AT_IP = 14, IP4_LEN = 20, IP6_LEN = 40, FRAGMENT_LEN = 8, PORTS_FROM = 1024 };
enum { WAIT_NS = 10000, LAG_NS = 500000, PRIV_ALIGN = 32 };

/* What there is of the kernel's, for the ring of a veth's other end. */
#define KERNEL __attribute__((preserve_access_index))

struct net_device {
	int ifindex;
} KERNEL;

struct xdp_rxq_info {
	struct net_device *dev;
} KERNEL;

struct xdp_buff {
	struct xdp_rxq_info *rxq;
} KERNEL;

struct ptr_ring {
	int producer; /* the next slot to fill, which is NULL if it is free */
	int size;
	void **queue;
} KERNEL;

struct veth_rq {
	struct ptr_ring xdp_ring;
} KERNEL;

struct veth_priv {
	struct net_device *peer;
	struct veth_rq *rq;
} KERNEL;

void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

const volatile struct flood_config config;
const volatile struct flood_frame frames[FLOOD_FRAMES];
const volatile __u32 sources[FLOOD_SOURCES][4];

__u64 rng = 1;
__u64 sent, sent_bytes, lost;
__u64 started, latest; /* ns: the first and the last look at the time */
__u64 due;             /* ns: when it is the next chunk's turn */
struct ptr_ring *ring;
bool ready; /* for the next chunk */

/* xorshift64*, as rng_next() in tool.h. */
static __always_inline __u64 random_next(void)
{
	__u64 x = rng;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng = x;
	return x * 0x2545f4914f6cdd1dULL;
}

/* random: 32 bits or fewer, `bits` of them; below `limit`. */
static __always_inline __u32 random_below(__u64 random, __u32 limit, __u32 bits)
{
	return (random & ((1ULL << bits) - 1)) * limit >> bits;
}

/* One's-complement sums do not care about byte order, as long as all words have the same. */
static __always_inline __u32 sum_add32(__u32 sum, __u32 word)
{
	return sum + (word & 0xffff) + (word >> 16);
}

static __always_inline __u16 sum_finish(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline __u32 source_word(__u32 listed, __u32 i, __u32 random)
{
	if (config.n_sources)
		return sources[listed % FLOOD_SOURCES][i];
	return config.source[i] | (random & config.mask[i]);
}

/* Returns the sum of the address. */
static __always_inline __u32 source_write(__u8 *ip)
{
	__u32 *word = (__u32 *)(ip + (config.ipv6 ? 8 : 12));
	__u64 random = random_next();
	__u32 listed = random_below(random, config.n_sources, 16), sum = 0;

	for (__u32 i = 0; i < 4; i++) {
		if (i > 0 && !config.ipv6)
			break;
		if (i == 2)
			random = random_next();
		word[i] = source_word(listed, i, random);
		sum = sum_add32(sum, word[i]);
		random >>= 32;
	}
	return sum;
}

/* Identification and checksum of an IPv4 header; the first is in a fragment header with IPv6. */
static __always_inline void ip_finish(__u8 *ip, __u32 source_sum, __u16 id, __u8 continued)
{
	__u16 *check = (__u16 *)(ip + 10);

	if (config.ipv6 && continued)
		*(__u16 *)(ip + IP6_LEN + 6) = id;
	if (config.ipv6)
		return;
	*(__u16 *)(ip + 4) = id;
	*check = sum_finish((__u16) ~*check + source_sum + id);
}

/* TSval and, where the frame acknowledges, TSecr; returns their sum.  end: of the frame's room. */
static __always_inline __u32 stamps_write(__u8 *frame, const __u8 *end, __u32 at, __u8 acks)
{
	__u64 random = random_next();
	__u32 *stamp = (__u32 *)(frame + (at & 0xff));

	if (!at || (const __u8 *)(stamp + 2) > end)
		return 0;
	stamp[0] = random;
	stamp[1] = acks ? random >> 32 : 0;
	return sum_add32(sum_add32(0, stamp[0]), stamp[1]);
}

/* Ports, numbers and checksum; sum: of the source address and the timestamps. */
static __always_inline void tcp_finish(__u8 *tcp, __u32 sum, __u64 random,
				       const volatile struct flood_frame *from)
{
	__u16 *port = (__u16 *)tcp, *check = (__u16 *)(tcp + 16);
	__u32 *number = (__u32 *)(tcp + 4);

	*port = config.source_port;
	if (!*port)
		*port = bpf_htons(PORTS_FROM + random_below(random, 65536 - PORTS_FROM, 16));
	number[0] = random >> 32;
	if (from->continued)
		return;
	if (from->acks)
		number[1] = random_next();
	sum = sum_add32(sum_add32(sum, number[0]), number[1]) + *port;
	*check = sum_finish((__u16) ~*check + (sum & 0xffff) + (sum >> 16));
}

static __always_inline struct veth_priv *device_veth(struct net_device *dev)
{
	const __u64 size = bpf_core_type_size(struct net_device);

	return (void *)dev + ((size + PRIV_ALIGN - 1) & ~(PRIV_ALIGN - 1ULL));
}

static __always_inline void ring_find(struct xdp_md *ctx)
{
	struct xdp_buff *buff = bpf_cast_to_kern_ctx(ctx);
	struct net_device *peer = BPF_CORE_READ(device_veth(buff->rxq->dev), peer);
	struct veth_rq *rq = BPF_CORE_READ(device_veth(peer), rq);

	ring = (void *)rq + bpf_core_field_offset(struct veth_rq, xdp_ring);
}

/* For a whole chunk: slots become free in their order. */
static __always_inline bool ring_has_room(void)
{
	__u32 slot = BPF_CORE_READ(ring, producer) + config.chunk - 1, size;
	void **queue = BPF_CORE_READ(ring, queue), *taken = NULL;

	size = BPF_CORE_READ(ring, size);
	if (slot >= size)
		slot -= size;
	return bpf_probe_read_kernel(&taken, sizeof(taken), queue + slot) == 0 && !taken;
}

/* A moment of waiting for the next chunk's time, and for room then; 1: both are there. */
static long chunk_wait(__u32 i, __u64 *until)
{
	const __u64 now = bpf_ktime_get_ns();

	if (now < due)
		return now > *until;
	if (due + LAG_NS < now)
		due = now - LAG_NS;
	due += config.chunk_ns;
	ready = ring_has_room();
	if (!ready)
		lost += config.chunk;
	return ready || now > *until;
}

/* Waits no longer than interrupts may have to. */
static __always_inline bool chunk_start(struct xdp_md *ctx)
{
	__u64 until;

	latest = bpf_ktime_get_ns();
	if (!ring) {
		ring_find(ctx);
		started = due = latest;
	}
	if (config.endless) {
		if (ring_has_room())
			return true;
		due = latest + config.chunk_ns;
	}
	ready = false;
	until = latest + WAIT_NS;
	bpf_loop(WAIT_NS, chunk_wait, &until, 0);
	return ready;
}

SEC("xdp")
int xdpflood(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 tcp_at = AT_IP + (config.ipv6 ? IP6_LEN : IP4_LEN);
	const __u64 random = random_next();
	const volatile struct flood_frame *frame;
	__u32 sum, choice;

	if (sent % config.chunk == 0 && !chunk_start(ctx))
		return XDP_DROP;
	choice = random_below(random >> 16, config.n_frames, 16);
	frame = &frames[choice % FLOOD_FRAMES];
	if (data + config.words * 8 > end || data + tcp_at + FRAGMENT_LEN + 20 > end)
		return XDP_ABORTED;
	for (__u32 i = 0; i < config.words && i < FLOOD_ROOM / 8; i++)
		((__u64 *)data)[i] = ((const volatile __u64 *)frame->bytes)[i];
	sum = source_write(data + AT_IP);
	ip_finish(data + AT_IP, sum, random >> 20, frame->continued);
	sum += stamps_write(data, end, frame->ts_at, frame->acks);
	tcp_finish(data + tcp_at + (config.ipv6 && frame->continued ? FRAGMENT_LEN : 0), sum,
		   random, frame);
	if (frame->len != config.words * 8 &&
	    bpf_xdp_adjust_tail(ctx, (int)frame->len - (int)config.words * 8) < 0)
		return XDP_ABORTED;
	sent++;
	sent_bytes += frame->len;
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
