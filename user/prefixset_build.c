// SPDX-License-Identifier: GPL-2.0
/*
 * From prefixes to cells.  Sorted by address and length, a prefix comes after those that hold it: one
 * pass with a stack of these cuts a word's range into cells, each with the latest expiry of all
 * that cover it.  Prefixes that go on beyond a word make cells of one value, whose note leads to
 * the next word's cells; what covers that value already is then in force for all of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prefixset_cells.h"

enum { CELLS_FIRST = 256, WORD_BITS = 32, WORD_LAST = 3, WORDS = 4, NOT_IN = 0 };

/* One word's pass. */
struct pass {
	struct prefix_builder *b;
	int word;
	__u64 at; /* up to here cells are made */
	int depth;
	struct {
		__u64 end;
		__u32 expiry;
	} open[WORD_BITS + 2]; /* what covers the place; [0] is what was in force before */
};

static void level_write(struct prefix_builder *b, int word, const struct prefix_entry *e,
			size_t count, __u32 cover, __u32 line);

static __u32 entry_word(const struct prefix_entry *e, int word)
{
	return __builtin_bswap32(addr_word(e->addr, word));
}

int prefix_compare(const struct prefix_entry *a, const struct prefix_entry *b)
{
	const int family = addr_is_v4(b->addr) - addr_is_v4(a->addr);
	const int order = family ? family : memcmp(a->addr, b->addr, sizeof(a->addr));

	return order ? order : a->len - b->len;
}

static void cell_add(struct prefix_builder *b, int word, struct prefix_cell cell)
{
	struct prefix_cells *cells = &b->levels[word];
	const size_t room = cells->room ? cells->room * 2 : CELLS_FIRST;
	void *grown;

	if (cells->count == cells->room) {
		grown = realloc(cells->at, room * sizeof(cell));
		if (!grown) {
			b->err = -ENOMEM;
			return;
		}
		cells->at = grown;
		cells->room = room;
	}
	cells->at[cells->count++] = cell;
}

/* Makes the cell from p->at to end of what covers it. */
static void cover_until(struct pass *p, __u64 end)
{
	const __u32 expiry = p->open[p->depth].expiry;

	if (end > p->at && expiry != NOT_IN && !p->b->err)
		cell_add(p->b, p->word,
			 (struct prefix_cell){(__u32)p->at, (__u32)(end - 1), expiry});
	if (end > p->at)
		p->at = end;
}

static void close_until(struct pass *p, __u64 place)
{
	while (p->depth && p->open[p->depth].end <= place) {
		cover_until(p, p->open[p->depth].end);
		p->depth--;
	}
	cover_until(p, place);
}

static void prefix_open(struct pass *p, const struct prefix_entry *e)
{
	const int bits = (p->word + 1) * WORD_BITS - e->len; /* that it leaves free in this word */
	const __u64 first = entry_word(e, p->word);
	const __u32 expiry = prefix_expiry(e->expires);

	close_until(p, first);
	if (expiry <= p->open[p->depth].expiry)
		return;
	p->depth++;
	p->open[p->depth].end = first + (1ULL << bits);
	p->open[p->depth].expiry = expiry;
}

static __u32 tail_note(struct pass *p, const struct prefix_entry *e)
{
	__u32 words[WORD_LAST], count = (__u32)(WORD_LAST - p->word), i;

	for (i = 0; i < count; i++)
		words[i] = entry_word(e, p->word + 1 + (int)i);
	return prefix_tail_add(p->b, words, count, e->len - (__u32)(p->word + 1) * WORD_BITS,
			       prefix_expiry(e->expires));
}

/* count prefixes that share this word and go on beyond it. */
static void group_write(struct pass *p, const struct prefix_entry *e, size_t count)
{
	const __u32 word = entry_word(e, p->word);
	struct prefix_cell cell = {word, word, PREFIX_REF};
	__u32 cover;

	close_until(p, word);
	cover = p->open[p->depth].expiry;
	if (cover == PREFIX_FOREVER)
		return;
	if (count == 1 && cover == NOT_IN) {
		cell.note = tail_note(p, e);
	} else {
		const __u32 line = prefix_lines_add(p->b, 1);

		cell.note = PREFIX_REF | line;
		level_write(p->b, p->word + 1, e, count, cover, line);
	}
	if (!p->b->err)
		cell_add(p->b, p->word, cell);
	p->at = (__u64)word + 1;
}

static int goes_beyond(const struct prefix_entry *e, int word)
{
	return e->len > (word + 1) * WORD_BITS;
}

static size_t group_size(const struct prefix_entry *e, size_t count, int word)
{
	size_t n = 1;

	while (n < count && entry_word(&e[n], word) == entry_word(e, word))
		n++;
	return n;
}

/* The cells of one word of entries that agree in all words before it, and then their tree. */
static void level_write(struct prefix_builder *b, int word, const struct prefix_entry *e,
			size_t count, __u32 cover, __u32 line)
{
	struct pass p = {.b = b, .word = word, .open[0].expiry = cover};
	size_t i = 0, n;

	b->levels[word].count = 0;
	while (i < count && !b->err) {
		n = 1;
		if (goes_beyond(&e[i], word)) {
			n = group_size(&e[i], count - i, word);
			group_write(&p, &e[i], n);
		} else {
			prefix_open(&p, &e[i]);
		}
		i += n;
	}
	close_until(&p, 1ULL << WORD_BITS);
	prefix_tree_write(b, line, b->levels[word].at, b->levels[word].count);
}

static int compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static int same_prefix(const struct prefix_entry *a, const struct prefix_entry *b)
{
	return a->len == b->len && addr_equal(a->addr, b->addr);
}

size_t prefix_sort(struct prefix_entry *entries, size_t count)
{
	size_t i, n = 0;

	for (i = 1; i < count && prefix_compare(&entries[i - 1], &entries[i]) < 0; i++)
		;
	if (i >= count)
		return count;
	/* That of glibc keeps the order of equals, since it merges. */
	qsort(entries, count, sizeof(*entries), compare);
	for (i = 0; i < count; i++) {
		n -= n && same_prefix(&entries[n - 1], &entries[i]);
		entries[n++] = entries[i];
	}
	return n;
}

/* Of 64 bits each three are set per prefix: with eight prefixes in it 4 % of the rest pass. */
enum { FILTER_PER_LINE = 64, FILTER_LINES_MAX = 16384 };

static __u32 filter_lines(size_t count)
{
	__u32 lines = 1;

	while (lines < FILTER_LINES_MAX && (size_t)lines * FILTER_PER_LINE < count)
		lines *= 2;
	return lines;
}

static __u32 class_of(const struct prefix_entry *e)
{
	static const __u8 shortest[2][PREFIX_CLASSES - 1] = {{128, 64, 48, 32},
							     {128, 120, 112, 104}};
	const __u8 *len = shortest[addr_is_v4(e->addr)];
	__u32 class = 0;

	while (class < PREFIX_CLASSES - 1 && e->len < len[class])
		class ++;
	return class;
}

static void filter_add(struct prefix_line *lines, const struct prefix_entry *e)
{
	const struct prefix_walk w = prefix_walk_begin(__builtin_bswap64(load64(e->addr)),
						       __builtin_bswap64(load64(e->addr + 8)), 0);
	const __u32 class = class_of(e), mask = (__u32)lines[PREFIX_FRONT].word[0];
	const __u64 hash = prefix_hash_of(w.high, w.low, w.line, class);

	lines[PREFIX_FRONT].word[1] |= 1U
				       << (class + (w.line == PREFIX_ROOT_V4 ? 0 : PREFIX_CLASSES));
	if (class < PREFIX_CLASSES - 1)
		lines[prefix_filter_line(hash, mask)].word[prefix_filter_word(hash)] |=
		    prefix_filter_bits(hash);
}

static void filter_write(struct prefix_builder *b, const struct prefix_entry *entries, size_t count)
{
	const __u32 lines = filter_lines(count);
	size_t i;

	prefix_lines_add(b, PREFIX_FILTER + lines);
	if (b->err)
		return;
	b->set.lines[PREFIX_FRONT].word[0] = lines - 1;
	for (i = 0; i < count; i++)
		filter_add(b->set.lines, &entries[i]);
}

void prefix_set_free(struct prefix_set *set)
{
	free(set->lines);
	*set = (struct prefix_set){0};
}

int prefix_set_build(const struct prefix_entry *entries, size_t count, struct prefix_set *ret_set)
{
	struct prefix_builder b = {0};
	size_t v4 = 0, i;

	while (v4 < count && addr_is_v4(entries[v4].addr))
		v4++;
	filter_write(&b, entries, count);
	level_write(&b, WORD_LAST, entries, v4, NOT_IN, PREFIX_ROOT_V4);
	level_write(&b, 0, entries + v4, count - v4, NOT_IN, PREFIX_ROOT_V6);
	for (i = 0; i < WORDS; i++)
		free(b.levels[i].at);
	if (b.err)
		prefix_set_free(&b.set);
	else
		*ret_set = b.set;
	return b.err;
}
