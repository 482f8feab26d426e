// SPDX-License-Identifier: GPL-2.0
/*
 * Which SYNs get a cookie and which are the kernel's: what the hand-off could not take, what is not
 * protected, what belongs to a connection.
 */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bed.h"
#include "check.h"
#include "services.h"

/* -1: the SYN has no MSS option. */
static const struct {
	int mss;
	int cookie4;
	int cookie6;
	__u16 says4;
	__u16 says6;
} mss_rows[] = {
    {-1, 1, 1, 536, 1220},    {0, 1, 1, 536, 1220},      {1, 0, 0, 0, 0},
    {88, 0, 0, 0, 0},         {300, 0, 0, 0, 0},         {535, 0, 0, 0, 0},
    {536, 1, 0, 536, 0},      {1219, 1, 0, 1200, 0},     {1220, 1, 1, 1200, 1220},
    {1460, 1, 1, 1460, 1440}, {65535, 1, 1, 8960, 8940},
};

static void small_mss_is_the_kernels(void **state)
{
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(mss_rows); i++) {
		const int v6 = i & 1, mss = mss_rows[i / 2].mss;
		const int cookie = v6 ? mss_rows[i / 2].cookie6 : mss_rows[i / 2].cookie4;
		struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);
		struct tcp_offer offer;
		struct synack a;
		struct outcome o;
		char row[32];

		if (mss >= 0)
			pkt_opt_mss(&p, (__u16)mss);
		snprintf(row, sizeof(row), "MSS %d IPv%d", mss, v6 ? 6 : 4);
		bed_expect_pkt(b, &p, cookie ? XDP_TX : XDP_PASS,
			       cookie ? REASON_syn_cookie_sent : REASON_syn_mss_small, row, &o);
		if (!cookie)
			continue;
		a = bed_synack(&p, &o);
		assert_int_equal(bed_decode(b, &p, &a, &offer), COOKIE_VALID);
		assert_int_equal(offer.mss, v6 ? mss_rows[i / 2].says6 : mss_rows[i / 2].says4);
	}
}

struct options {
	const char *row;
	__u8 bytes[40];
	unsigned int len;
	enum reason reason;
	struct tcp_offer offer; /* mss 0: the family's default */
};

#define NO_WS .wscale = WSCALE_NONE

/* Read as tcp_parse_options() of the kernel does. */
static const struct options options[] = {
    {"MD5", {19, 18}, 20, REASON_syn_cookie_sent, {NO_WS}},
    {"AO", {29, 16}, 16, REASON_syn_cookie_sent, {NO_WS}},
    {"MD5 behind an MSS",
     {2, 4, 5, 0xb4, 19, 18},
     24,
     REASON_syn_cookie_sent,
     {.mss = 1460, NO_WS}},
    {"MD5 behind a bad length is not read", {4, 0, 19, 18}, 20, REASON_syn_cookie_sent, {NO_WS}},
    {"MP_CAPABLE to a plain listener", {30, 4, 1, 0}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"length 0", {2, 0, 5, 0xb4}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"length 1", {2, 1, 5, 0xb4}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"MSS of length 3", {2, 3, 5, 1}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"beyond the header", {1, 1, 2, 4}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"kind alone at the end", {1, 1, 1, 2}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"what came before a bad length counts",
     {2, 4, 5, 0xb4, 4, 2, 3, 9},
     8,
     REASON_syn_cookie_sent,
     {.mss = 1460, .sack = 1, NO_WS}},
    {"what comes after does not", {3, 0, 2, 4, 5, 0xb4, 1, 1}, 8, REASON_syn_cookie_sent, {NO_WS}},
    {"EOL ends", {0, 1, 1, 1, 2, 4, 5, 0xb4}, 8, REASON_syn_cookie_sent, {NO_WS}},
    {"40 NOPs", {[0 ... 39] = 1}, 40, REASON_syn_cookie_sent, {NO_WS}},
    {"unknown kinds", {253, 4, 1, 2, 200, 2, 4, 2}, 8, REASON_syn_cookie_sent, {.sack = 1, NO_WS}},
    {"MSS twice", {2, 4, 5, 0xb4, 2, 4, 2, 0x18}, 8, REASON_syn_cookie_sent, {.mss = 536, NO_WS}},
    {"MSS, then MSS 0",
     {2, 4, 5, 0xb4, 2, 4, 0, 0},
     8,
     REASON_syn_cookie_sent,
     {.mss = 1460, NO_WS}},
    {"wscale twice", {3, 3, 5, 3, 3, 9, 1, 1}, 8, REASON_syn_cookie_sent, {.wscale = 9}},
    {"wscale 14", {3, 3, 14, 1}, 4, REASON_syn_cookie_sent, {.wscale = 14}},
    {"wscale 15", {3, 3, 15, 1}, 4, REASON_syn_cookie_sent, {.wscale = 14}},
    {"wscale 255", {3, 3, 255, 1}, 4, REASON_syn_cookie_sent, {.wscale = 14}},
    {"wscale of length 4", {3, 4, 5, 1}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"SACK of length 3", {4, 3, 0, 1}, 4, REASON_syn_cookie_sent, {NO_WS}},
    {"timestamps of length 9",
     {8, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1},
     12,
     REASON_syn_cookie_sent,
     {NO_WS}},
    {"timestamps, unaligned",
     {1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1},
     12,
     REASON_syn_cookie_sent,
     {.tstamp = 1, NO_WS}},
    {"TSval 0",
     {8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
     12,
     REASON_syn_cookie_sent,
     {.tstamp = 1, NO_WS}},
};

static void options_row(struct bed *b, const struct options *row, int v6)
{
	struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);
	struct tcp_offer want = row->offer, got;
	struct synack a;
	struct outcome o;

	/* An IPv6 client's MSS must be 1220 at least. */
	if (v6 && want.mss == 536)
		return;
	pkt_opt(&p, row->bytes, row->len);
	bed_expect_pkt(b, &p, row->reason == REASON_syn_cookie_sent ? XDP_TX : XDP_PASS,
		       row->reason, row->row, &o);
	if (row->reason != REASON_syn_cookie_sent)
		return;
	a = bed_synack(&p, &o);
	want.mss = !want.mss ? (v6 ? 1220 : 536) : (v6 && want.mss == 1460 ? 1440 : want.mss);
	assert_int_equal(bed_decode(b, &p, &a, &got), COOKIE_VALID);
	if (want.tstamp)
		assert_in_range(got.rtt_ms, 0, 1000);
	want.rtt_ms = want.tstamp ? got.rtt_ms : RTT_UNKNOWN;
	if (memcmp(&got, &want, sizeof(got)) != 0)
		fail_msg("%s: mss %u wscale %u sack %u ts %u", row->row, got.mss, got.wscale,
			 got.sack, got.tstamp);
	assert_int_equal(a.has_ts, want.tstamp);
}

static void options_are_read_as_the_kernel_reads_them(void **state)
{
	for (size_t i = 0; i < 2 * COUNT_OF(options); i++)
		options_row(*state, &options[i / 2], i & 1);
}

static void listeners_that_take_no_cookie(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_MPTCP);

		bed_expect_pkt(*state, &p, XDP_PASS, REASON_syn_mptcp, "MPTCP listener", NULL);
		p = bed_syn(v6, PORT_MD5);
		bed_expect_pkt(*state, &p, XDP_PASS, REASON_syn_md5_ao, "MD5 listener", NULL);
	}
}

/* A flood whose SYNs claim a signature is no other flood to a listener without keys. */
static void signed_syns(void **state)
{
	static const __u8 md5[20] = {19, 18};
	struct bed *b = *state;

	services_auto(b);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = pkt_new(v6, bed_sport(), PORT_PLAIN, PKT_SYN);

		pkt_opt(&p, md5, sizeof(md5));
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_md5_ao, "in peace", NULL);
		services_attack(b, PORT_PLAIN);
		p.sport = bed_sport();
		bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "attack", NULL);
		services_peace(b, PORT_PLAIN);
		services_attack(b, PORT_MD5);
		p.sport = bed_sport();
		p.dport = PORT_MD5;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_md5_ao, "its listener", NULL);
		services_peace(b, PORT_MD5);
	}
}

static void ports_that_are_not_protected(void **state)
{
	static const __u8 flags[] = {PKT_SYN, PKT_ACK, PKT_RST, PKT_SYN | PKT_ACK, 0xff, 0};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(flags); i++) {
		struct pkt p = bed_syn(i & 1, PORT_FREE);
		int plain;

		p.flags = flags[i / 2];
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "port not protected", NULL);
		plain = p.flags != 0 && p.flags != 0xff && p.flags != (PKT_SYN | PKT_ACK);
		p.dport = PORT_CLOSED;
		if (plain)
			bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "no listener", NULL);
	}
}

/* A router's wildcard listener must not answer for the hosts behind it. */
static void forwarded_connections_are_not_protected(void **state)
{
	static const __u8 flags[] = {PKT_SYN, PKT_ACK, PKT_RST, PKT_ACK | PKT_FIN};
	struct bed *b = *state;

	world_sysctl("ipv4/ip_forward", 1);
	world_sysctl("ipv6/conf/all/forwarding", 1);
	shield_forget(&b->s);
	for (size_t i = 0; i < 2 * COUNT_OF(flags); i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);

		p.flags = flags[i / 2];
		p.dst[p.v6 ? 15 : 3] = 200;
		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "another host's", NULL);
	}
}

static void port_zero(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, 0);

		bed_expect_pkt(*state, &p, XDP_PASS, REASON_not_protected, "to port 0", NULL);
		p = bed_syn(v6, PORT_PLAIN);
		p.sport = 0;
		bed_expect_pkt(*state, &p, XDP_TX, REASON_syn_cookie_sent, "from port 0", NULL);
	}
}

static void monitored_expect(struct bed *b, const struct pkt *p, enum reason reason)
{
	struct outcome o;

	shield_run_pkt(&b->s, p, &o);
	assert_int_equal(o.verdict, XDP_PASS);
	assert_int_equal(o.reason, reason);
	assert_int_equal(o.reasons, 1);
	assert_int_equal(o.not_enforced, 1);
	assert_int_equal(o.marked, 0);
}

/* Counted as if decided upon, as not enforced, and passed as it came. */
static void monitor_mode_passes_everything(void **state)
{
	const struct defence attack = {.until = ~0ULL};
	struct bed *b = *state;

	b->s.policy.mode = MODE_MONITOR;
	shield_config_write(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		struct pkt p = bed_syn(v6, PORT_PLAIN);
		struct conn half;

		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_passed, "SYN in peace", NULL);
		shield_defence_write(&b->s, PORT_PLAIN, &attack);
		p = bed_syn(v6, PORT_PLAIN);
		monitored_expect(b, &p, REASON_syn_cookie_sent);
		const struct conn_key key = shield_key(&p);

		assert_int_equal(shield_half(&b->s, &key, &half), 1);
		p.flags = PKT_SYN | PKT_FIN;
		monitored_expect(b, &p, REASON_tcp_bad_flags);
		p = bed_syn(v6, PORT_PLAIN);
		p.flags = PKT_RST;
		monitored_expect(b, &p, REASON_rst_unknown);
		shield_defence_write(&b->s, PORT_PLAIN, &(struct defence){0});
	}
}

static void kernel_that_takes_no_cookies_gets_the_syns(void **state)
{
	struct bed *b = *state;

	world_sysctl("ipv4/tcp_syncookies", 0);
	shield_forget(&b->s);
	for (int v6 = 0; v6 < 2; v6++) {
		const struct pkt p = bed_syn(v6, PORT_PLAIN);

		bed_expect_pkt(b, &p, XDP_PASS, REASON_syn_passed, "tcp_syncookies=0", NULL);
	}
}

/*
 * A listener's end and return are seen at once, through the watcher, not after the cache's second.
 */
static void listener_comes_and_goes(void **state)
{
	struct bed *b = *state;

	shield_port(&b->s, 8089, 1);
	for (int round = 0; round < 3; round++) {
		struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8089)};
		const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
		struct pkt p = bed_syn(0, 8089);

		bed_expect_pkt(b, &p, XDP_PASS, REASON_not_protected, "closed", NULL);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
		assert_int_equal(listen(fd, 10), 0);
		p = bed_syn(0, 8089);
		bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "listening", NULL);
		close(fd);
	}
}

/* On what entry does a SYN go to the kernel, and on which does it start afresh? */
static void syn_meets_a_connection_entry(void **state)
{
	static const struct {
		const char *row;
		enum conn_socket socket;
		enum conn_state state;
		__u32 age_s;
		enum reason reason;
	} rows[] = {
	    {"open", SOCKET_OPEN, ESTABLISHED, 0, REASON_syn_conn_exists},
	    {"open, as the server closes", SOCKET_OPEN, LAST_ACK, 0, REASON_syn_conn_exists},
	    {"open, its time of no matter", SOCKET_OPEN, ESTABLISHED, 500000,
	     REASON_syn_conn_exists},
	    {"time-wait", SOCKET_TIME_WAIT, TIME_WAIT, 119, REASON_syn_conn_exists},
	    {"time-wait, over", SOCKET_TIME_WAIT, TIME_WAIT, 121, REASON_syn_cookie_sent},
	    {"hand-off of ours under way", SOCKET_PENDING, ESTABLISHED, 0, REASON_syn_cookie_sent},
	    {"handshake of the kernel", SOCKET_HALF_OPEN, ESTABLISHED, 64, REASON_syn_conn_exists},
	    {"the same, over", SOCKET_HALF_OPEN, ESTABLISHED, 66, REASON_syn_cookie_sent},
	    {"closed", SOCKET_GONE, CLOSE, 0, REASON_syn_cookie_sent},
	    {"closed, over", SOCKET_GONE, CLOSE, 11, REASON_syn_cookie_sent},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		const struct pkt p = bed_syn(i & 1, PORT_PLAIN);
		const struct conn_key key = shield_key(&p);
		const int pass = rows[i / 2].reason == REASON_syn_conn_exists;
		struct conn before, after;

		bed_conn_add(b, &p, rows[i / 2].socket, rows[i / 2].state);
		bed_age(b, &key, rows[i / 2].age_s);
		assert_true(shield_conn(&b->s, &key, &before));
		bed_expect_pkt(b, &p, pass ? XDP_PASS : XDP_TX, rows[i / 2].reason, rows[i / 2].row,
			       NULL);
		assert_true(shield_conn(&b->s, &key, &after));
		assert_int_equal(after.head.state, before.head.state);
		assert_int_equal(after.head.socket, before.head.socket);
		assert_int_equal(after.seen, before.seen);
		/* The tracker notes that the SYN was let through, and the client's side stays. */
		assert_memory_equal(&before.server, &after.server, sizeof(before.server));
		if (!pass)
			assert_memory_equal(&before, &after, sizeof(before));
	}
}

static void syn_flood_makes_no_entry(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 1000; i++) {
		struct pkt p = bed_syn(i & 1, PORT_PLAIN);

		p.src[p.v6 ? 14 : 2] = (__u8)i;
		bed_expect_pkt(b, &p, XDP_TX, REASON_syn_cookie_sent, "flood", NULL);
	}
	assert_int_equal(shield_conns_count(&b->s), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_reset, check_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(small_mss_is_the_kernels),
	    TEST(options_are_read_as_the_kernel_reads_them),
	    TEST(listeners_that_take_no_cookie),
	    TEST(signed_syns),
	    TEST(ports_that_are_not_protected),
	    TEST(forwarded_connections_are_not_protected),
	    TEST(port_zero),
	    TEST(monitor_mode_passes_everything),
	    TEST(kernel_that_takes_no_cookies_gets_the_syns),
	    TEST(listener_comes_and_goes),
	    TEST(syn_meets_a_connection_entry),
	    TEST(syn_flood_makes_no_entry),
	};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
