// SPDX-License-Identifier: GPL-2.0
/*
 * From sorted cells to lines.  A leaf where the cells fit one, else a branch to lines that share
 * out the cells' span evenly, as many as bring some ten cells to each; those that got too many
 * branch again.  Each branch spans only what its cells do, so clusters cost no depth.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prefixset_cells.h"

enum { LINES_FIRST = 1024, CELLS_PER_LINE = 4, POINTS_PER_LINE = 9, BRANCH_MIN = 4 };

static int lines_grow(struct prefix_builder *b, __u32 need)
{
	__u32 room = b->room ? b->room : LINES_FIRST;
	void *lines;

	while (room < need)
		room *= 2;
	if (posix_memalign(&lines, sizeof(struct prefix_line), room * sizeof(struct prefix_line)))
		return -ENOMEM;
	if (b->set.count)
		memcpy(lines, b->set.lines, b->set.count * sizeof(struct prefix_line));
	free(b->set.lines);
	b->set.lines = lines;
	b->room = room;
	return 0;
}

__u32 prefix_lines_add(struct prefix_builder *b, __u32 count)
{
	const __u32 first = b->set.count;

	if (!b->err && count > PREFIX_REF_MASK - first)
		b->err = -E2BIG;
	if (!b->err && first + count > b->room)
		b->err = lines_grow(b, first + count);
	if (b->err)
		return 0;
	memset(&b->set.lines[first], 0, count * sizeof(struct prefix_line));
	b->set.count += count;
	return first;
}

__u32 prefix_tail_add(struct prefix_builder *b, const __u32 *words, __u32 count, __u32 bits,
		      __u32 expiry)
{
	__u32 *tail;

	if (!b->tails) {
		b->tail = prefix_lines_add(b, 1) * PREFIX_TAILS;
		b->tails = PREFIX_TAILS;
	}
	if (!b->err && b->tail > PREFIX_REF_MASK - PREFIX_TAILS)
		b->err = -E2BIG;
	if (b->err)
		return 0;
	tail = &b->set.lines[b->tail / PREFIX_TAILS].half[b->tail % PREFIX_TAILS * 4];
	memcpy(tail, words, count * sizeof(*words));
	tail[3] = expiry;
	b->tails--;
	return PREFIX_REF | bits << PREFIX_REF_BITS | b->tail++;
}

static __u32 notes_add(struct prefix_builder *b, const struct prefix_cell *cells, size_t count)
{
	__u32 first;
	size_t i;

	for (i = 0; i < count && cells[i].note == PREFIX_FOREVER; i++)
		;
	if (i == count)
		return PREFIX_NO_NOTES;
	if (b->notes < count) {
		b->note = prefix_lines_add(b, 1) * PREFIX_NOTES;
		b->notes = PREFIX_NOTES;
	}
	first = b->note;
	for (i = 0; i < count && !b->err; i++)
		b->set.lines[b->note / PREFIX_NOTES].half[b->note % PREFIX_NOTES + i] =
		    cells[i].note;
	b->note += (__u32)count;
	b->notes -= (__u32)count;
	return first;
}

/* What decides how cells can be written. */
struct shape {
	__u32 base;
	__u32 last;
	__u32 unit;    /* all borders are multiples of 1 << unit */
	__u32 largest; /* size of a cell; each is a prefix; 0: that is not so */
	__u64
	    points; /* as which they can be written, each of one unit; NO_POINTS: they have notes */
};

#define NO_POINTS (~0ULL)

static struct shape shape_of(const struct prefix_cell *cells, size_t count)
{
	struct shape s = {.base = cells[0].first, .last = cells[count - 1].last};
	__u32 borders = 0, size, nets = 1;
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		size = cells[i].last - cells[i].first + 1;
		nets &= size && !(size & (size - 1)) && !(cells[i].first & (size - 1));
		borders |= cells[i].first | size;
		sum += cells[i].last - cells[i].first + 1ULL;
		if (size > s.largest)
			s.largest = size;
		if (cells[i].note != PREFIX_FOREVER)
			s.points = NO_POINTS;
	}
	s.largest *= nets;
	s.unit = borders ? (__u32)__builtin_ctz(borders) : 31;
	s.points |= sum >> s.unit;
	return s;
}

static __u64 head(enum prefix_kind kind, __u32 unit, __u32 base)
{
	return (__u64)unit << 40 | (__u64)kind << 32 | base;
}

static void points_write(struct prefix_line *l, const struct prefix_cell *cells,
			 const struct shape *s)
{
	__u32 lane, point = s->base;

	l->word[0] = head(PREFIX_POINTS, s->unit, s->base);
	for (lane = 0; lane < PREFIX_POINT_CELLS; lane++) {
		l->word[2 + lane / 4] |= (__u64)((point - s->base) >> s->unit) << lane % 4 * 16;
		/* What is left over repeats the last point. */
		if (point == s->last - ((1U << s->unit) - 1))
			continue;
		point += 1U << s->unit;
		if (point > cells->last)
			point = (++cells)->first;
	}
}

static __u64 lane_of(const struct prefix_cell *cells, size_t count, size_t lane,
		     const struct shape *s)
{
	const struct prefix_cell *cell = &cells[lane / 2];

	if (lane / 2 >= count)
		return PREFIX_LANES_MAX;
	return lane % 2 ? ((cell->last - s->base) >> s->unit) + 1
			: (cell->first - s->base) >> s->unit;
}

static void ranges_write(struct prefix_line *l, const struct prefix_cell *cells, size_t count,
			 const struct shape *s, __u32 notes)
{
	size_t i;

	l->word[0] = head(PREFIX_RANGES, s->unit, s->base);
	l->word[1] = notes;
	for (i = 0; i < (size_t)PREFIX_RANGE_CELLS * 2; i++)
		l->word[2 + i / 4] |= lane_of(cells, count, i, s) << i % 4 * 16;
}

/* From where nets are counted, so that each lies at a multiple of its size. */
static __u32 nets_base(const struct shape *s)
{
	return s->base & ~(s->largest - 1);
}

static void nets_write(struct prefix_line *l, const struct prefix_cell *cells, size_t count,
		       const struct shape *s, __u32 notes)
{
	const __u32 base = nets_base(s);
	size_t i;

	l->word[0] = head(PREFIX_NETS, s->unit, base);
	l->word[1] = notes;
	for (i = 0; i < PREFIX_NET_CELLS; i++) {
		const struct prefix_cell *cell = &cells[i < count ? i : 0];
		const __u32 size = cell->last - cell->first + 1;

		l->half[4 + i] = (cell->first - base) >> s->unit << PREFIX_NET_BITS |
				 ((__u32)__builtin_ctz(size) - s->unit);
	}
}

static void wide_write(struct prefix_line *l, const struct prefix_cell *cells, size_t count,
		       __u32 notes)
{
	size_t i;

	l->word[0] = head(PREFIX_WIDE, 0, 0);
	l->word[1] = notes;
	for (i = 0; i < PREFIX_WIDE_CELLS; i++) {
		const struct prefix_cell *cell = &cells[i < count ? i : 0];

		l->half[4 + 2 * i] = cell->first;
		l->half[5 + 2 * i] = cell->last - cell->first;
	}
}

/* Writes a leaf if these cells fit one. */
static int leaf_write(struct prefix_builder *b, __u32 line, const struct prefix_cell *cells,
		      size_t count, const struct shape *s)
{
	const __u32 span = (s->last - s->base) >> s->unit;
	const int points = s->points <= PREFIX_POINT_CELLS && span <= 0xffff;
	const int ranges = count <= PREFIX_RANGE_CELLS && span < PREFIX_LANES_MAX;
	const int nets = s->largest && count <= PREFIX_NET_CELLS &&
			 (s->last - nets_base(s)) >> s->unit < 1U << (32 - PREFIX_NET_BITS);
	__u32 notes;

	if (!points && !ranges && !nets && count > PREFIX_WIDE_CELLS)
		return 0;
	notes = notes_add(b, cells, count);
	if (b->err)
		return 1;
	if (points)
		points_write(&b->set.lines[line], cells, s);
	else if (ranges)
		ranges_write(&b->set.lines[line], cells, count, s, notes);
	else if (nets)
		nets_write(&b->set.lines[line], cells, count, s, notes);
	else
		wide_write(&b->set.lines[line], cells, count, notes);
	return 1;
}

/* The finest shift that makes no more lines than are wanted. */
static __u32 branch_shift(const struct shape *s, size_t count)
{
	const __u64 by_points = s->points / POINTS_PER_LINE;
	__u64 most = count / CELLS_PER_LINE;
	__u32 shift = 0;

	if (by_points < most)
		most = by_points;
	if (most < BRANCH_MIN)
		most = BRANCH_MIN;
	while ((s->last >> shift) - (s->base >> shift) >= most)
		shift++;
	return shift;
}

/* Of cells, those in first to last; what reaches beyond is cut off for now and put back after. */
static size_t slice_write(struct prefix_builder *b, __u32 line, struct prefix_cell *cells,
			  size_t count, __u32 first, __u32 last)
{
	struct prefix_cell head_cell, tail_cell, *tail;
	size_t n = 0;

	while (n < count && cells[n].first <= last)
		n++;
	if (!n)
		return 0;
	head_cell = cells[0];
	tail = &cells[n - 1];
	if (cells[0].first < first)
		cells[0].first = first;
	tail_cell = *tail;
	if (tail->last > last)
		tail->last = last;
	prefix_tree_write(b, line, cells, n);
	tail->last = tail_cell.last;
	cells[0].first = head_cell.first;
	return tail->last > last ? n - 1 : n;
}

static void branch_write(struct prefix_builder *b, __u32 line, struct prefix_cell *cells,
			 size_t count, const struct shape *s)
{
	const __u32 shift = branch_shift(s, count), start = s->base >> shift;
	const __u32 parts = (s->last >> shift) - start + 1, lines = prefix_lines_add(b, parts);
	size_t done = 0;
	__u32 i;

	if (b->err)
		return;
	b->set.lines[line].word[0] = head(PREFIX_BRANCH, shift, start << shift);
	b->set.lines[line].word[1] = (__u64)parts << 32 | lines;
	for (i = 0; i < parts && !b->err; i++) {
		const __u32 first = (start + i) << shift;

		done += slice_write(b, lines + i, cells + done, count - done, first,
				    first + ((1U << shift) - 1));
	}
}

void prefix_tree_write(struct prefix_builder *b, __u32 line, struct prefix_cell *cells,
		       size_t count)
{
	struct shape s;

	if (!count || b->err)
		return;
	s = shape_of(cells, count);
	if (!leaf_write(b, line, cells, count, &s))
		branch_write(b, line, cells, count, &s);
}
