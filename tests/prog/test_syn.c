// SPDX-License-Identifier: GPL-2.0
/*
 * The SYN-ACK against the kernel's: each SYN is given to the kernel's own TCP through a tap and to
 * synguard, and both answers must be the same frame, byte for byte, but for what only a cookie may
 * choose (ISN, TSval) and what the kernel draws at random (IPv4 ID without DF, IPv6 flow label).
 */
#include <linux/bpf.h>

#include "bed.h"

/* Put ours where the kernel may choose, and mend the checksums. */
static void kernel_frame_adapt(const struct pkt *syn, const struct outcome *o, __u8 *frame,
			       unsigned int len)
{
	struct pkt_at at = {.l3 = 14, .l4 = 14 + (syn->v6 ? 40 : 20), .len = len};
	const unsigned int end = at.l4 + (frame[at.l4 + 12] >> 4) * 4U;
	const struct synack ours = bed_synack(syn, o);

	if (syn->v6)
		put32(frame + at.l3, get32(frame + at.l3) & 0xfff00000);
	else if (!(frame[at.l3 + 6] & 0x40))
		memcpy(frame + at.l3 + 4, o->frame + at.l3 + 4, 2);
	put32(frame + at.l4 + 4, ours.isn);
	for (unsigned int i = at.l4 + 20; i < end; i += frame[i] == 1 ? 1 : frame[i + 1])
		if (frame[i] == 8)
			put32(frame + i + 2, ours.tsval);
	pkt_fix_tcp(frame, &at, syn->v6);
	if (!syn->v6)
		pkt_fix_ip(frame, &at);
}

static __u16 mss_rounded(const struct pkt *syn, __u16 mss)
{
	static const __u16 v4[] = {536, 1200, 1360, 1380, 1400, 1440, 1460, 8960};
	static const __u16 v6[] = {1220, 1340, 1360, 1380, 1400, 1420, 1440, 8940};
	const __u16 *table = syn->v6 ? v6 : v4;
	int i = 7;

	while (i && table[i] > mss)
		i--;
	return table[i];
}

/* set: what the cookie must say the two agreed upon. */
static void cookie_says(struct bed *b, const struct pkt *syn, const struct outcome *o,
			unsigned int set, __u16 mss, __u8 wscale, const char *row)
{
	const struct synack a = bed_synack(syn, o);
	struct tcp_offer offer;

	if (bed_decode(b, syn, &a, &offer) != COOKIE_VALID)
		fail_msg("%s: the cookie does not verify", row);
	if (offer.mss != mss_rounded(syn, mss) || !!offer.tstamp != !!(set & PKT_TS) ||
	    !!offer.sack != !!(set & PKT_SACK) || !!offer.ecn != !!(set & PKT_ECN) ||
	    offer.wscale != (set & PKT_WS ? wscale : WSCALE_NONE))
		fail_msg("%s: the cookie says mss %u ts %u sack %u ecn %u wscale %u", row,
			 offer.mss, offer.tstamp, offer.sack, offer.ecn, offer.wscale);
}

/*
 * Ethernet's 60 bytes: an answer that is shorter keeps as much of the SYN behind it, if the SYN has
 * as much.  A tap does not pad.
 */
static unsigned int kernel_frame_pad(const struct pkt *syn, __u8 *frame, unsigned int len)
{
	__u8 whole[PKT_ROOM];

	if (len >= 60 || pkt_build(syn, whole, NULL) < 60)
		return len;
	memcpy(frame + len, whole + len, 60 - len);
	return 60;
}

static void like_kernel(struct bed *b, const struct pkt *syn, const char *row, struct outcome *o)
{
	__u8 kernel[PKT_ROOM];
	unsigned int len = world_kernel(&b->w, syn, kernel);

	if (!len)
		fail_msg("%s: the kernel does not answer", row);
	bed_expect_pkt(b, syn, XDP_TX, REASON_syn_cookie_sent, row, o);
	kernel_frame_adapt(syn, o, kernel, len);
	len = kernel_frame_pad(syn, kernel, len);
	bed_equal(o->frame, o->len, kernel, len, row);
}

/* All 16 option sets to one port, in both families. */
static void options_like_kernel(struct bed *b, __u16 port, unsigned int allowed, const char *what)
{
	struct outcome o;
	char row[96];

	for (int v6 = 0; v6 < 2; v6++)
		for (unsigned int set = 0; set < 16; set++) {
			struct pkt syn = pkt_new(v6, bed_sport(), port, PKT_SYN);

			pkt_opt_syn(&syn, set, 1400, 9, 0x11223344);
			snprintf(row, sizeof(row), "%s, port %u, IPv%d, options %x", what, port,
				 v6 ? 6 : 4, set);
			like_kernel(b, &syn, row, &o);
			cookie_says(b, &syn, &o, set & allowed, 1400, 9, row);
		}
}

static void every_option_set_to_every_listener(void **state)
{
	static const __u16 ports[] = {PORT_PLAIN, PORT_RCVBUF, PORT_RCVBUF_BIG, PORT_MAXSEG,
				      PORT_CLAMP, PORT_TTL,    PORT_NO_PMTU};

	for (size_t i = 0; i < COUNT_OF(ports); i++)
		options_like_kernel(*state, ports[i], 15, "defaults");
}

static void sysctls_decide_as_in_the_kernel(void **state)
{
	static const struct {
		const char *path;
		long value;
		unsigned int allowed;
	} rows[] = {
	    {"ipv4/tcp_timestamps", 0, 15 & ~(unsigned int)PKT_TS},
	    {"ipv4/tcp_timestamps", 2, 15},
	    {"ipv4/tcp_sack", 0, 15 & ~(unsigned int)PKT_SACK},
	    {"ipv4/tcp_window_scaling", 0, 15 & ~(unsigned int)PKT_WS},
	    {"ipv4/tcp_ecn", 0, 15 & ~(unsigned int)PKT_ECN},
	    {"ipv4/tcp_ecn", 1, 15},
	    {"ipv4/tcp_workaround_signed_windows", 1, 15},
	    {"ipv4/ip_default_ttl", 77, 15},
	    {"ipv4/ip_no_pmtu_disc", 1, 15},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char what[96];

		world_sysctl(rows[i].path, rows[i].value);
		snprintf(what, sizeof(what), "%s=%ld", rows[i].path, rows[i].value);
		shield_forget(&b->s);
		options_like_kernel(b, PORT_PLAIN, rows[i].allowed, what);
		options_like_kernel(b, PORT_RCVBUF, rows[i].allowed, what);
		world_sysctls_restore();
	}
}

static void mtu_decides_the_mss(void **state)
{
	static const int mtus[] = {1280, 1400, 1492, 9000};
	struct bed *b = *state;
	char text[80];

	for (size_t i = 0; i < COUNT_OF(mtus); i++) {
		snprintf(text, sizeof(text), "ip link set " WORLD_IFACE " mtu %d", mtus[i]);
		assert_int_equal(system(text), 0);
		shield_forget(&b->s);
		options_like_kernel(b, PORT_PLAIN, 15, text);
		options_like_kernel(b, PORT_MAXSEG, 15, text);
	}
	assert_int_equal(system("ip link set " WORLD_IFACE " mtu 1500"), 0);
}

/* With and without tcp_reflect_tos, for listeners with a TOS of their own and without. */
static void tos_and_ecn_field_of_the_syn(void **state)
{
	static const __u8 tos[] = {0, 1, 2, 3, 0x10, 0x48, 0xb8, 0xb9, 0xba, 0xfc, 0xff};
	struct bed *b = *state;
	struct outcome o;
	char row[96];

	for (int reflect = 0; reflect < 2; reflect++) {
		world_sysctl("ipv4/tcp_reflect_tos", reflect);
		shield_forget(&b->s);
		for (size_t i = 0; i < 4 * COUNT_OF(tos); i++) {
			struct pkt syn =
			    pkt_new(i & 1, bed_sport(), i & 2 ? PORT_TTL : PORT_PLAIN, PKT_SYN);

			syn.tos = tos[i / 4];
			pkt_opt_syn(&syn, 15, 1460, 2, 5);
			snprintf(row, sizeof(row), "reflect %d, tos %02x, port %u, IPv%d", reflect,
				 syn.tos, syn.dport, syn.v6 ? 6 : 4);
			like_kernel(b, &syn, row, &o);
		}
	}
}

/* RFC 3168 needs ECE and CWR both; RFC 9768's AccECN has AE, too. */
static void ecn_flags_of_the_syn(void **state)
{
	struct bed *b = *state;
	struct outcome o;
	char row[64];

	for (unsigned int i = 0; i < 16; i++) {
		struct pkt syn = pkt_new(i & 1, bed_sport(), PORT_PLAIN, PKT_SYN);

		pkt_opt_syn(&syn, 7, 1460, 7, 1);
		syn.flags |= (__u8)((i & 2 ? PKT_ECE : 0) | (i & 4 ? PKT_CWR : 0));
		syn.reserved = i & 8 ? 1 : 0;
		snprintf(row, sizeof(row), "ECE %d CWR %d AE %d IPv%d", !!(i & 2), !!(i & 4),
			 !!(i & 8), syn.v6 ? 6 : 4);
		like_kernel(b, &syn, row, &o);
	}
}

static void client_values_of_mss_and_wscale(void **state)
{
	static const __u16 mss[] = {1220, 1300, 1339, 1340, 1379, 1459, 1460, 1461, 8960, 65535};
	static const __u8 scale[] = {0, 1, 13, 14, 15, 255};
	struct bed *b = *state;
	struct outcome o;
	char row[64];

	for (int v6 = 0; v6 < 2; v6++)
		for (size_t i = 0; i < COUNT_OF(mss) * COUNT_OF(scale); i++) {
			struct pkt syn = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);
			const __u8 ws = scale[i % COUNT_OF(scale)];
			const __u16 m = mss[i / COUNT_OF(scale)];

			pkt_opt_syn(&syn, 7, m, ws, 1);
			snprintf(row, sizeof(row), "mss %u wscale %u IPv%d", m, ws, v6 ? 6 : 4);
			like_kernel(b, &syn, row, &o);
			cookie_says(b, &syn, &o, 7, m, ws > 14 ? 14 : ws, row);
		}
}

static void sequence_numbers_at_the_edges(void **state)
{
	static const __u32 seq[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	struct bed *b = *state;
	struct outcome o;

	for (size_t i = 0; i < 2 * COUNT_OF(seq); i++) {
		struct pkt syn = bed_syn(i & 1, PORT_PLAIN);

		syn.seq = seq[i / 2];
		like_kernel(b, &syn, "sequence number", &o);
		assert_int_equal(bed_synack(&syn, &o).ack, (__u32)(seq[i / 2] + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(every_option_set_to_every_listener, bed_reset),
	    cmocka_unit_test_setup(sysctls_decide_as_in_the_kernel, bed_reset),
	    cmocka_unit_test_setup(mtu_decides_the_mss, bed_reset),
	    cmocka_unit_test_setup(tos_and_ecn_field_of_the_syn, bed_reset),
	    cmocka_unit_test_setup(ecn_flags_of_the_syn, bed_reset),
	    cmocka_unit_test_setup(client_values_of_mss_and_wscale, bed_reset),
	    cmocka_unit_test_setup(sequence_numbers_at_the_edges, bed_reset),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
