// SPDX-License-Identifier: GPL-2.0
/* A list of prefixes from a file, line by line.  The first line with an error ends it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prefix_list.h"
#include "prefixset_build.h"
#include "units.h"

/* READ_MOST: twice what a million of the longest lines takes that are no comment. */
enum { READ_FIRST = 1 << 16, READ_MOST = 1 << 28, TIME_ROOM = 32, SHOWN = 60 };

struct reader {
	struct prefix_list *list;
	const struct prefix_clock *clock;
	const char *name;
	size_t line;
	struct error *error;
};

struct word {
	const char *at;
	size_t length;
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct word word_next(const char **at, const char *end)
{
	struct word word;

	while (*at < end && is_blank(**at))
		(*at)++;
	word.at = *at;
	while (*at < end && !is_blank(**at))
		(*at)++;
	word.length = (size_t)(*at - word.at);
	return word;
}

/* What a file holds goes to a terminal: only what can be printed, and not all of it. */
static const char *shown(struct word word, char room[SHOWN + 4])
{
	size_t i;

	for (i = 0; i < word.length && i < SHOWN; i++)
		room[i] = (char)(word.at[i] >= ' ' && word.at[i] <= '~' ? word.at[i] : '?');
	strcpy(room + i, word.length > SHOWN ? "..." : "");
	return room;
}

static int refuse(const struct reader *reader, struct word word, const char *why)
{
	char room[SHOWN + 4];

	return error_set(reader->error, -EINVAL, "%s:%zu: '%s' %s; nothing was changed",
			 reader->name, reader->line, shown(word, room), why);
}

static int prefix_take(const struct reader *reader, struct word word, struct prefix_entry *entry)
{
	int err = prefix_parse(word.at, word.length, entry);

	if (err == -ERANGE)
		return refuse(reader, word,
			      "has no valid length; expected 0 to 32 for IPv4, 0 to 128 for IPv6");
	if (err < 0)
		return refuse(reader, word,
			      "is no prefix; expected an address, or ADDR/LEN as in 192.0.2.0/24"
			      " or 2001:db8::/32");
	reader->list->masked += (size_t)err;
	return 0;
}

static int lifetime_take(const struct reader *reader, struct word word, struct prefix_entry *entry)
{
	char text[TIME_ROOM];

	snprintf(text, sizeof(text), "%.*s", (int)(word.length < TIME_ROOM ? word.length : 0),
		 word.at);
	if (prefix_lifetime(text, reader->clock, &entry->expires))
		return refuse(reader, word, "is no time; expected one such as 30m, 12h or 7d");
	return 0;
}

/* Without its comment. */
static int line_parse(const struct reader *reader, const char *at, const char *end)
{
	struct word word = word_next(&at, end);
	struct prefix_entry entry;
	int err;

	if (!word.length)
		return 0;
	err = prefix_take(reader, word, &entry);
	word = word_next(&at, end);
	if (!err && word.length) {
		if (word.length != 3 || memcmp(word.at, "for", 3) != 0)
			return refuse(reader, word,
				      "is too much; expected the end of the line, for TIME, or a"
				      " comment after #");
		err = lifetime_take(reader, word_next(&at, end), &entry);
		word = word_next(&at, end);
		if (!err && word.length)
			return refuse(reader, word, "is too much; expected the end of the line");
	}
	if (!err && prefix_list_add(reader->list, &entry))
		return error_set(reader->error, -ENOMEM, "%s: not enough memory", reader->name);
	if (!err && reader->list->count > MAX_LIST)
		return error_set(reader->error, -E2BIG,
				 "%s:%zu: more than %d prefixes; nothing was changed", reader->name,
				 reader->line, MAX_LIST);
	return err;
}

static const char *comment_find(const char *at, const char *end)
{
	while (at < end && *at != '#' && *at != ';')
		at++;
	return at;
}

int prefix_list_parse(struct prefix_list *list, const char *text, size_t size, const char *name,
		      const struct prefix_clock *clock, struct error *error)
{
	struct reader reader = {list, clock, name, 0, error};
	const char *at = text, *end = text + size, *line_end;
	int err = 0;

	for (; at < end && !err; at = line_end + 1) {
		line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			line_end = end;
		reader.line++;
		err = line_parse(&reader, at, comment_find(at, line_end));
	}
	if (!err)
		list->count = prefix_sort(list->entries, list->count);
	return err;
}

/* All that there is to read; ret_text is to be freed.  -errno; -EFBIG: it may never end. */
static int text_read(int fd, char **ret_text, size_t *ret_size)
{
	size_t size = 0, room = READ_FIRST;
	char *text = NULL, *grown;
	ssize_t got = 1;

	while (got > 0) {
		if (!text || size == room) {
			room *= 2;
			grown = room <= READ_MOST ? realloc(text, room) : NULL;
			if (!grown) {
				free(text);
				return room <= READ_MOST ? -ENOMEM : -EFBIG;
			}
			text = grown;
		}
		got = read(fd, text + size, room - size);
		size += got > 0 ? (size_t)got : 0;
	}
	*ret_text = text;
	*ret_size = size;
	return got < 0 ? -errno : 0;
}

const char *prefix_file_name(const char *path)
{
	return !strcmp(path, "-") ? "standard input" : path;
}

int prefix_file_read(const char *path, char **ret_text, size_t *ret_size, struct error *error)
{
	const int is_stdin = !strcmp(path, "-");
	int err, fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*ret_text = NULL;
	*ret_size = 0;
	err = fd < 0 ? -errno : text_read(fd, ret_text, ret_size);
	if (fd >= 0 && !is_stdin)
		close(fd);
	return err ? error_set(error, err, "cannot read %s: %s", path, strerror(-err)) : 0;
}

int prefix_list_read(struct prefix_list *list, const char *path, const struct prefix_clock *clock,
		     struct error *error)
{
	char *text;
	size_t size;
	int err = prefix_file_read(path, &text, &size, error);

	if (!err)
		err = prefix_list_parse(list, text, size, prefix_file_name(path), clock, error);
	free(text);
	return err;
}
