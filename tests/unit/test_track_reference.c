// SPDX-License-Identifier: GPL-2.0
/*
 * The tracker against what Linux's nf_conntrack was seen to do (tests/data/README): each row is
 * made a frame and goes the way of the data path, parser first.  Where the two differ on purpose,
 * the row is in a table with the reason.  All of it with several pairs of ISNs.
 */
#include "unit.h"

#include "tcpopt.h"
#include "track_lane.h"

enum { CASES = 177, ROWS = 834, COLUMNS = 15 };

enum column { CASE, STEP, DIR, FLAGS, SEQ, ACK, LEN, EXTRA, CT, STATE, TIMEOUT = 12 };

struct difference {
	const char *name; /* of the case */
	int step;
	const char *state; /* ours */
	int invalid;
	__u32 timeout;
	const char *why;
};

#define KEPT                                                                                    \
	"nf_conntrack drops an entry whose only answer is a RST; here the caller may, so that " \
	"what is late has something to be held against"
#define EXACT                                                                                  \
	"a RST that is not at the next sequence number changes nothing, the timeout included " \
	"(RFC 5961 3.2)"

static const struct difference differences[] = {
    {"rst_o_in_SYN_SENT", 2, "CLOSE", 0, 10, KEPT},
    {"rst_r_in_SYN_SENT", 2, "CLOSE", 0, 10, KEPT},
    {"rst_in_window_not_exact", 4, "ESTABLISHED", 0, 432000, EXACT},
    {"rst_in_window_not_exact", 5, "ESTABLISHED", 0, 432000,
     "the RST before it did not count as sent data"},
    {"synack_wrong_ack", 3, "SYN_SENT", 1, 120,
     "nf_conntrack took windows from the SYN-ACK that it called invalid; here that changed "
     "nothing, "
     "so that the RST is out of every window"},
    {"zero_window", 4, "ESTABLISHED", 0, 432000,
     "no shorter timeout for a closed window: what waits for it is unacknowledged soon"},
    {"bad_checksum_syn", 1, "SYN_SENT", 0, 120,
     "TCP checksums are the NIC's or the kernel's to verify: in XDP they may not be complete"},
    {"bad_checksum_established", 4, "ESTABLISHED", 0, 300, "the same"},
};

static int difference_used[COUNT_OF(differences)];

static const struct difference *difference_of(char **row)
{
	for (size_t i = 0; i < COUNT_OF(differences); i++) {
		if (!strcmp(row[CASE], differences[i].name) &&
		    atoi(row[STEP]) == differences[i].step) {
			difference_used[i]++;
			return &differences[i];
		}
	}
	return NULL;
}

static void put16(__u8 *p, unsigned long v)
{
	p[0] = (__u8)(v >> 8);
	p[1] = (__u8)v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* "opt=0101..." to bytes; returns how many. */
static unsigned options_read(const char *extra, __u8 *ret)
{
	unsigned n = 0, byte;

	if (strncmp(extra, "opt=", 4) != 0)
		return 0;
	for (extra += 4; sscanf(extra, "%2x", &byte) == 1; extra += 2)
		ret[n++] = (__u8)byte;
	return n;
}

static unsigned long extra_read(const char *extra, const char *name, unsigned long otherwise)
{
	return strncmp(extra, name, strlen(name)) != 0 ? otherwise
						       : strtoul(extra + strlen(name), NULL, 10);
}

/* The row as Ethernet, IPv4, TCP; seq and ack without ISN.  Returns its length. */
static unsigned frame_make(char **row, __u8 frame[2048])
{
	const char client = row[DIR][0] == 'l' ? 'o' : row[DIR][0];
	__u8 *ip = frame + ETH_LEN, *tcp = ip + IPV4_LEN;
	const unsigned opts = options_read(row[EXTRA], tcp + TCP_LEN);
	const unsigned total = (unsigned)(IPV4_LEN + TCP_LEN) + opts + (unsigned)atoi(row[LEN]);

	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, total);
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + 12, client == 'o' ? 0xc6120001 : 0xc6120002);
	put32(ip + 16, (client == 'o') == (row[DIR][0] == 'l') ? 0xc6120001 : 0xc6120002);
	for (unsigned i = 0, sum = 0; i < IPV4_LEN; i += 2) {
		sum += (unsigned)ip[i] << 8 | ip[i + 1];
		if (i == IPV4_LEN - 2)
			put16(ip + 10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
	}
	put32(tcp + 4, (__u32)strtoll(row[SEQ], NULL, 10));
	put32(tcp + 8, (__u32)strtoll(row[ACK], NULL, 10));
	tcp[12] = (__u8)(extra_read(row[EXTRA], "doff=", 5 + (opts + 3) / 4) << 4);
	tcp[13] = flags_read(row[FLAGS]);
	put16(tcp + 14, extra_read(row[EXTRA], "win=", 65535));
	return ETH_LEN + total;
}

/* What the data path makes of a row.  Returns 0 where the parser or the sanity check ends it. */
static int row_segment(char **row, struct segment *ret_segment)
{
	__u8 bytes[2048] = {0};
	const unsigned len = frame_make(row, bytes);
	const struct frame f = {bytes, bytes + len};
	struct packet pkt = {0};
	struct tcpopts opts;

	if (packet_parse(&f, len, &pkt) != PACKET_OK || packet_sane(&pkt) != PACKET_OK)
		return 0;
	tcpopts_walk(&f, &pkt, &opts);
	*ret_segment = (struct segment){
	    .seq = pkt.seq,
	    .ack = pkt.ack,
	    .len = pkt.l4_len - TCP_LEN - pkt.opt_len,
	    .window = load_u16(bytes + pkt.l4_off + 14),
	    .flags = pkt.flags,
	    .wscale = opts.wscale,
	    .mss = opts.mss,
	    .sack = opts.sack_perm,
	    .tstamp = opts.has_ts,
	};
	return 1;
}

static void row_check(struct lane *lane, char **row)
{
	const struct difference *d = difference_of(row);
	const char *state = d ? d->state : row[STATE];
	const int invalid = d ? d->invalid : !strcmp(row[CT], "invalid");
	enum track_result r = TRACK_INVALID;
	__u32 timeout = 0;
	struct segment s;

	if (*row[TIMEOUT])
		timeout = (__u32)strtoul(row[TIMEOUT], NULL, 10) + 1;
	if (d)
		timeout = d->timeout;
	if (row_segment(row, &s))
		r = lane_send(lane, row[DIR][0], s);
	if ((r == TRACK_INVALID || r == TRACK_OUTSIDE) != invalid)
		fail_msg("%s %s: %s", row[CASE], row[STEP], result_name(r));
	if (strcmp(state_name(lane_state(lane)), state) != 0)
		fail_msg("%s %s: %s, not %s", row[CASE], row[STEP], state_name(lane_state(lane)),
			 state);
	if (lane_timeout(lane) + 1 < timeout || lane_timeout(lane) > timeout + 1)
		fail_msg("%s %s: %u s, not %u s", row[CASE], row[STEP], lane_timeout(lane),
			 timeout);
}

static void row_split(char *line, char *ret_row[COLUMNS])
{
	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		ret_row[i] = strsep(&line, ",");
		assert_non_null(ret_row[i]);
	}
	assert_null(line);
}

static void reference_run(__u32 isn_o, __u32 isn_r)
{
	FILE *file = fopen("tests/data/nf_conntrack_reference.csv", "r");
	char line[512], last[128] = "", *row[COLUMNS];
	int cases = 0, rows = 0;
	struct lane lane = {0};

	if (!file) {
		fail_msg("tests/data/nf_conntrack_reference.csv: run this from the root");
		return;
	}
	assert_non_null(fgets(line, sizeof(line), file));
	for (; fgets(line, sizeof(line), file); rows++) {
		row_split(line, row);
		if (strcmp(row[CASE], last) != 0) {
			snprintf(last, sizeof(last), "%s", row[CASE]);
			lane = (struct lane){.isn = {isn_o, isn_r}};
			cases++;
		}
		row_check(&lane, row);
	}
	(void)fclose(file);
	assert_int_equal(cases, CASES);
	assert_int_equal(rows, ROWS);
}

static void as_nf_conntrack(void **state)
{
	(void)state;
	reference_run(1000000, 3000000000);
}

static void as_nf_conntrack_when_numbers_wrap(void **state)
{
	static const __u32 isns[] = {0xffffffff, 0xffffff9b, 0x7ffffffe, 0x80000000, 1};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(isns); i++) {
		for (size_t j = 0; j < COUNT_OF(isns); j++)
			reference_run(isns[i], isns[j]);
	}
}

/* A difference that no row meets any more is a mistake in the table. */
static void every_difference_is_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(differences); i++) {
		if (!difference_used[i])
			fail_msg("%s %d", differences[i].name, differences[i].step);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_nf_conntrack),
	    cmocka_unit_test(as_nf_conntrack_when_numbers_wrap),
	    cmocka_unit_test(every_difference_is_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
