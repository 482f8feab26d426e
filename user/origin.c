// SPDX-License-Identifier: GPL-2.0
/* See origin.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "origin.h"
#include "setup_config.h"

/* All that is wrong with the file, a line for each. */
static int file_refuse(const char *problems, int err, struct error *error)
{
	const bool is_one = !strchr(problems, '\n');

	return error_set(error, err, "the configuration file is wrong:%s%.950s",
			 is_one ? " " : "\n", problems);
}

int origin_load(const char *file, struct setup *ret_setup, struct origin *ret_origin,
		struct error *error)
{
	char *path = realpath(file, NULL), *problems = NULL;
	struct stat st;
	int err;

	if (!path)
		return error_set(error, -errno, "cannot read the configuration file %.200s: %s",
				 file, strerror(errno));
	/* Reload holds the lock, and must not wait for the other end. */
	if (!stat(path, &st) && S_ISFIFO(st.st_mode)) {
		free(path);
		return error_set(error, -EINVAL,
				 "the configuration file %.200s is a pipe, expected a file", file);
	}
	err = setup_config_load(path, ret_setup, error, &problems);
	if (err && problems && *problems)
		file_refuse(problems, err, error);
	if (!err)
		snprintf(ret_origin->config_file, sizeof(ret_origin->config_file), "%s", path);
	free(problems);
	free(path);
	return err;
}
