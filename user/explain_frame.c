// SPDX-License-Identifier: GPL-2.0
/*
 * The packet that is asked about, as bytes; and the answer's bytes, as far as they are fit to be
 * shown: no number that holds a cookie is read.
 */
#include <arpa/inet.h>
#include <string.h>

#include "csum.h"
#include "explain.h"
#include "reply.h"

enum {
	FRAME_WORDS = 32,
	HOPS = 64,
	SYN_WINDOW = 64240,
	WINDOW = 502,
	WSCALE = 7,
	MSS_V4 = 1460,
	MSS_V6 = 1440,
};

static const __u8 peer_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

/*
 * As Linux sends them.  Returns how many words.  The timestamps of an ACK are no cookie's, either:
 * with them a random number passes for one with 2^-45, without with 2^-22.
 */
static __u32 options_write(const struct explain_request *r, __u32 tsval, __u32 *w)
{
	if (!(r->flags & (TCP_SYN | TCP_ACK)) || (r->flags & (TCP_SYN | TCP_RST)) == TCP_RST)
		return 0;
	if (!(r->flags & TCP_SYN)) {
		w[0] = htonl(WORD_NOP_TS);
		w[1] = htonl(tsval);
		w[2] = htonl(~tsval);
		return 3;
	}
	w[0] = htonl(WORD_MSS | (r->is_v6 ? MSS_V6 : MSS_V4));
	w[1] = htonl(WORD_SACK_TS);
	w[2] = htonl(tsval);
	w[3] = 0;
	w[4] = htonl(WORD_NOP_WS | WSCALE);
	return 5;
}

/* Header, options, and with PSH a byte of data.  Returns bytes; the word behind them is 0. */
static __u32 tcp_write(const struct explain_packet *p, __u32 tsval, __u32 *w)
{
	const struct explain_request *r = p->request;
	const __u32 words = 5 + options_write(r, tsval, w + 5);
	const __u32 data = (r->flags & TCP_PSH) && !(r->flags & (TCP_SYN | TCP_RST));
	__u64 sum = csum_pseudo(r->key.remote, r->key.local, !addr_is_v4(r->key.remote),
				(__u16)(words * 4 + data));

	w[0] = htonl((__u32)r->key.remote_port << 16 | r->key.local_port);
	w[1] = htonl(p->seq);
	w[2] = htonl(p->ack);
	w[3] =
	    htonl(words << 28 | (__u32)r->flags << 16 | (r->flags & TCP_SYN ? SYN_WINDOW : WINDOW));
	w[4] = 0;
	w[4] = csum_high(csum_fold(sum + csum_words(w, (int)words)));
	return words * 4 + data;
}

/* Returns how many words. */
static __u32 ip_write(const struct explain_request *r, __u32 tcp_len, __u32 *w)
{
	if (r->is_v6) {
		w[0] = htonl(6U << 28);
		w[1] = htonl(tcp_len << 16 | 6U << 8 | HOPS);
		memcpy(w + 2, r->key.remote, 16);
		memcpy(w + 6, r->key.local, 16);
		return 10;
	}
	w[0] = htonl(0x45000000 | (IPV4_LEN + tcp_len));
	w[1] = htonl(0x4000);
	w[2] = htonl((__u32)HOPS << 24 | 6U << 16);
	w[3] = addr_word(r->key.remote, 3);
	w[4] = addr_word(r->key.local, 3);
	w[2] |= csum_low(csum_fold(csum_words(w, 5)));
	return 5;
}

void explain_frame_make(const struct explain_packet *packet, const __u8 mac[6], __u32 tsval,
			struct explain_frame *ret_frame)
{
	const __u16 type = htons(packet->request->is_v6 ? 0x86dd : 0x0800);
	__u32 ip[10] = {0}, tcp[FRAME_WORDS] = {0}, tcp_len = tcp_write(packet, tsval, tcp);
	const __u32 ip_len = 4 * ip_write(packet->request, tcp_len, ip);
	__u8 *at = ret_frame->bytes;

	memset(ret_frame, 0, sizeof(*ret_frame));
	memcpy(at, mac, 6);
	memcpy(at + 6, peer_mac, 6);
	memcpy(at + 12, &type, 2);
	memcpy(at + ETH_LEN, ip, ip_len);
	memcpy(at + ETH_LEN + ip_len, tcp, tcp_len);
	ret_frame->len = ETH_LEN + ip_len + tcp_len;
	if (ret_frame->len < FRAME_MIN)
		ret_frame->len = FRAME_MIN;
}

void explain_answer_read(const void *frame, __u32 len, struct explain_answer *ret_answer)
{
	const struct frame f = {frame, (const __u8 *)frame + len};
	struct packet pkt = {0};

	memset(ret_answer, 0, sizeof(*ret_answer));
	if (packet_parse(&f, len, &pkt) != PACKET_OK)
		return;
	tcpopts_parse(&f, &pkt, &ret_answer->opts);
	ret_answer->opts.tsval = 0;
	ret_answer->given = 1;
	ret_answer->ttl = ((const __u8 *)frame)[pkt.l3_off + (pkt.is_v6 ? 7 : 8)];
	ret_answer->ecn = (pkt.flags & TCP_ECE) != 0;
	ret_answer->window = pkt.window;
}
