/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file (docs/configuration.md): YAML to struct setup and back.  Files are read,
 * nothing else of the system is looked at: whether a key file or a list can be read shows when
 * it is used.
 */
#ifndef SYNGUARD_SETUP_CONFIG_H
#define SYNGUARD_SETUP_CONFIG_H

#include <stddef.h>

#include "error.h"
#include "setup.h"

enum { CONFIG_BYTES_MAX = 16 << 20 };

/*
 * Reads a file.  0, or -errno with the setup untouched: then error has the first problem as `FILE:LINE:
 * KEY: found X, expected Y`, and *ret_problems, unless that is NULL, all of them with a
 * newline between, to be freed (NULL: there was no memory for it).
 */
int setup_config_load(const char *path, struct setup *ret_setup, struct error *error,
		      char **ret_problems);

/* The same with the file's contents; name is for the messages. */
int setup_config_parse(const char *name, const char *data, size_t length, struct setup *ret_setup,
		       struct error *error, char **ret_problems);

/* As YAML that reads back as the same setup.  To be freed; NULL: no memory. */
char *setup_config_print(const struct setup *setup);

/* A file with every setting, its default and what it means; it reads as setup_default() does. */
extern const char config_default_yaml[];

#endif
