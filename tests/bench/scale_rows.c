// SPDX-License-Identifier: GPL-2.0
/* Measuring some rows at one size, and telling the result. */
#include "scale.h"
#include "wrapper.skel.h"

void scale_table_open(struct scale *s, __u32 max_conns)
{
	table_open(&s->b, TABLE_BIG, max_conns);
	s->b.has_big = 1;
	wrapper_open(&s->b);
}

void scale_table_close(struct scale *s)
{
	synguard_wrapper__destroy(s->b.wrapper);
	shield_close(&s->b.table[TABLE_BIG]);
	s->b.has_big = 0;
}

/* Of the table that row_renew() leaves as it is. */
static struct row row_new(const char *name, enum frame_kind kind, int verdict, enum reason reason)
{
	struct row r = {.table = TABLE_BIG,
			.target = TARGET_SYNGUARD,
			.kind = kind,
			.verdict = verdict,
			.reason = reason};

	snprintf(r.name, sizeof(r.name), "%s", name);
	return r;
}

/* From addresses that are in no table and on no list. */
struct row scale_row_syn(const char *name, int v6)
{
	struct row r = row_new(name, FRAME_SYN, XDP_TX, REASON_syn_cookie_sent);

	r.source = SOURCE_UNLISTED;
	r.family = v6 ? FAMILY_V6 : FAMILY_V4;
	return r;
}

struct row scale_row_known(const char *name)
{
	return row_new(name, FRAME_DATA, XDP_PASS, REASON_conn_packet);
}

struct row scale_row_bad_ack(const char *name)
{
	struct row r = row_new(name, FRAME_ACK_BAD, XDP_DROP, REASON_ack_cookie_invalid);

	r.source = SOURCE_UNLISTED;
	return r;
}

void scale_tell(struct scale *s, const char *axis, __u32 size, const char *series, const char *unit,
		const struct spread *v)
{
	fprintf(s->out,
		"{\"axis\": \"%s\", \"size\": %u, \"series\": \"%s\", \"unit\": \"%s\", "
		"\"value\": %.4g, \"q1\": %.4g, \"q3\": %.4g}\n",
		axis, size, series, unit, v->median, v->q1, v->q3);
}

void scale_measure(struct scale *s, const char *axis, __u32 size, struct row *rows, size_t n)
{
	struct spread ns, ratio;

	for (int round = 0; round < s->b.rounds; round++)
		for (size_t i = 0; i < n; i++)
			row_measure(&s->b, &rows[i], round);
	for (size_t i = 0; i < n; i++) {
		ns = spread_of(rows[i].ns, s->b.rounds);
		ratio = ratio_of(&rows[i], s->b.rounds);
		printf("%-9s %8u  %-24s %7.1f ns (%.1f-%.1f) %6.2fx\n", axis, size, rows[i].name,
		       ns.median, ns.q1, ns.q3, ratio.median);
		scale_tell(s, axis, size, rows[i].name, "ns", &ns);
		scale_tell(s, axis, size, rows[i].name, "ratio", &ratio);
	}
}
