// SPDX-License-Identifier: GPL-2.0
/* Loading a configuration file: all of it, or the reasons why not. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup_config.h"
#include "setup_from_words.h"

/* What libcyaml has to say: yaml_tree_check() has told all that is expected to happen. */
struct complaint {
	char text[PROBLEM_TEXT];
};

__attribute__((format(printf, 3, 0))) static void complaint_take(cyaml_log_t level, void *context,
								 const char *format, va_list args)
{
	struct complaint *complaint = context;

	(void)level;
	if (!*complaint->text)
		vsnprintf(complaint->text, sizeof(complaint->text), format, args);
	complaint->text[strcspn(complaint->text, "\n")] = '\0';
}

/* libcyaml grows a list by one item at a time: this makes room for as many again. */
static void *words_room(void *context, void *room, size_t size)
{
	(void)context;
	if (!size) {
		free(room);
		return NULL;
	}
	if (!room)
		return malloc(size);
	return malloc_usable_size(room) >= size ? room : realloc(room, 2 * size);
}

static int words_load(const char *data, size_t length, struct problems *problems,
		      struct setup_words **ret_words)
{
	struct complaint complaint = {""};
	const cyaml_config_t config = {
	    .log_fn = complaint_take,
	    .log_ctx = &complaint,
	    .log_level = CYAML_LOG_WARNING,
	    .mem_fn = words_room,
	};
	cyaml_data_t *words = NULL;
	cyaml_err_t err =
	    cyaml_load_data((const uint8_t *)data, length, &config, &setup_schema, &words, NULL);

	*ret_words = words;
	if (err == CYAML_OK)
		return 0;
	if (err == CYAML_ERR_OOM)
		return -ENOMEM;
	problem_add(problems, 0,
		    "found what cannot be read (%s: %s), expected settings as in"
		    " synguard config default",
		    cyaml_strerror(err), complaint.text);
	return -EINVAL;
}

static void words_free(struct setup_words *words)
{
	static const cyaml_config_t config = {.mem_fn = words_room};

	cyaml_free(&config, &setup_schema, words, 0);
}

static int tree_read(struct yaml_tree *tree, const char *data, size_t length, struct setup *setup,
		     struct problems *problems)
{
	static const struct setup_words nothing;
	struct reader reader = {.tree = tree, .problems = problems};
	struct setup_words *words = NULL;
	int err;

	yaml_tree_check(tree, &setup_schema, problems);
	if (problems->count)
		return -EINVAL;
	err = words_load(data, length, problems, &words);
	if (err)
		return err;
	setup_default_values(setup);
	err = setup_from_words(&reader, words ? words : &nothing, setup);
	if (!err && problems->count)
		err = -EINVAL;
	if (words)
		words_free(words);
	if (err)
		setup_free(setup);
	return err;
}

/* One message of what may be many. */
static int problems_report(struct problems *problems, const char *name, int err,
			   struct error *error, char **ret_problems)
{
	char *text = NULL;

	if (problems->count)
		text = problems_text(problems, name);
	if (!text)
		error_set(error, err, "%s: %s", name, strerror(-err));
	else if (problems->count == 1)
		error_set(error, err, "%s", text);
	else
		error_set(error, err, "%.*s (and %u problems more; see: synguard config check %s)",
			  (int)strcspn(text, "\n"), text, problems->count - 1, name);
	if (ret_problems)
		*ret_problems = text;
	else
		free(text);
	return err;
}

int setup_config_parse(const char *name, const char *data, size_t length, struct setup *ret_setup,
		       struct error *error, char **ret_problems)
{
	struct problems problems = {.count = 0};
	struct yaml_tree tree;
	struct setup setup;
	int err = yaml_tree_load(data, length, &tree, &problems);

	if (!err) {
		err = tree_read(&tree, data, length, &setup, &problems);
		yaml_tree_free(&tree);
	}
	if (err)
		return problems_report(&problems, name, err, error, ret_problems);
	*ret_setup = setup;
	return 0;
}

/* Not by its size: it may be a pipe, or grow.  -EFBIG: more than the limit. */
static int stream_read(int fd, char *data, size_t *ret_length)
{
	size_t used = 0;
	ssize_t got;

	do {
		got = read(fd, data + used, CONFIG_BYTES_MAX + 1 - used);
		if (got < 0)
			return -errno;
		used += (size_t)got;
	} while (got > 0 && used <= CONFIG_BYTES_MAX);
	*ret_length = used;
	return used > CONFIG_BYTES_MAX ? -EFBIG : 0;
}

int setup_config_load(const char *path, struct setup *ret_setup, struct error *error,
		      char **ret_problems)
{
	struct problems problems = {.count = 0};
	char *data = malloc(CONFIG_BYTES_MAX + 1);
	size_t length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? -errno : 0;

	if (!err) {
		err = data ? stream_read(fd, data, &length) : -ENOMEM;
		close(fd);
	}
	if (err == -EFBIG)
		problem_add(&problems, 0, "found more than %d MB, expected settings",
			    CONFIG_BYTES_MAX >> 20);
	else if (err)
		problem_add(&problems, 0, "it cannot be read: %s", strerror(-err));
	if (err)
		problems_report(&problems, path, err, error, ret_problems);
	else
		err = setup_config_parse(path, data, length, ret_setup, error, ret_problems);
	free(data);
	return err;
}
