/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A YAML document as libyaml reads it: for what libcyaml does not tell, the line of a value by its
 * path (services[1].attack.hold) and whether the document fits its schema, key by key.
 */
#ifndef SYNGUARD_YAML_TREE_H
#define SYNGUARD_YAML_TREE_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "problems.h"

struct yaml_tree {
	yaml_document_t document;
};

/*
 * The one document in the data.  0, -EINVAL if it is no YAML, empty or more than one document, with
 * the problem told, or -ENOMEM.
 */
int yaml_tree_load(const char *data, size_t length, struct yaml_tree *ret_tree,
		   struct problems *problems);
void yaml_tree_free(struct yaml_tree *tree);

bool yaml_tree_has(struct yaml_tree *tree, const char *path);

/* The line of that value, or of the deepest one around it that is there. */
unsigned int yaml_tree_line(struct yaml_tree *tree, const char *path);

/*
 * Tells every key that the schema does not have or that is there twice, and every value that is
 * single where there should be a list or the other way round.  The schema: mappings, sequences and
 * strings.
 */
void yaml_tree_check(struct yaml_tree *tree, const cyaml_schema_value_t *schema,
		     struct problems *problems);

#endif
