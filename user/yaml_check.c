// SPDX-License-Identifier: GPL-2.0
/*
 * A YAML document held against a schema of libcyaml.  The library does the same when it loads, but
 * stops at the first thing that does not fit, takes the last of two equal keys, and names neither
 * the line of a key nor what it could have been.
 */
#include <stdio.h>
#include <string.h>

#include "yaml_tree.h"

enum { PATH_TEXT = 256, KEYS_TEXT = 256, FIELDS_MAX = 64 };

struct walk {
	yaml_document_t *document;
	struct problems *problems;
	char path[PATH_TEXT]; /* of the value that is looked at; "" is the whole document */
};

static void node_check(struct walk *walk, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema);

static unsigned int node_line(const yaml_node_t *node)
{
	return (unsigned int)node->start_mark.line + 1;
}

static const char *keys_text(const cyaml_schema_field_t *fields, char ret_text[KEYS_TEXT])
{
	size_t used = 0;

	for (; fields->key && used < KEYS_TEXT; fields++)
		used += (size_t)snprintf(ret_text + used, KEYS_TEXT - used, "%s%s",
					 used ? ", " : "", fields->key);
	return ret_text;
}

static const char *kind_text(const yaml_node_t *node)
{
	if (node->type == YAML_MAPPING_NODE)
		return "keys with values";
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list";
	return node->data.scalar.length ? "a single value" : "nothing";
}

static void mismatch_tell(struct walk *walk, const yaml_node_t *node, const char *expected)
{
	problem_add(walk->problems, node_line(node), "%s%sfound %s, expected %s", walk->path,
		    *walk->path ? ": " : "", kind_text(node), expected);
}

static const cyaml_schema_field_t *field_find(const cyaml_schema_field_t *fields,
					      const yaml_node_t *key)
{
	if (key->type != YAML_SCALAR_NODE)
		return NULL;
	for (; fields->key; fields++)
		if (strlen(fields->key) == key->data.scalar.length &&
		    !memcmp(fields->key, key->data.scalar.value, key->data.scalar.length))
			return fields;
	return NULL;
}

static void unknown_tell(struct walk *walk, const yaml_node_t *key,
			 const cyaml_schema_field_t *fields)
{
	char keys[KEYS_TEXT], found[FOUND_TEXT];
	const char *name = "of more than one word";

	if (key->type == YAML_SCALAR_NODE)
		name = found_text((const char *)key->data.scalar.value, found);
	problem_add(walk->problems, node_line(key), "%s%sfound the key %s, expected one of %s",
		    walk->path, *walk->path ? ": " : "", name, keys_text(fields, keys));
}

static void pair_check(struct walk *walk, const yaml_node_pair_t *pair,
		       const cyaml_schema_field_t *fields, unsigned int lines[FIELDS_MAX])
{
	const yaml_node_t *key = yaml_document_get_node(walk->document, pair->key);
	const cyaml_schema_field_t *field = field_find(fields, key);
	const size_t length = strlen(walk->path);

	if (!field) {
		unknown_tell(walk, key, fields);
		return;
	}
	snprintf(walk->path + length, PATH_TEXT - length, "%s%s", length ? "." : "", field->key);
	if (lines[field - fields])
		problem_add(walk->problems, node_line(key),
			    "%s: found a second time, expected only that of line %u", walk->path,
			    lines[field - fields]);
	lines[field - fields] = node_line(key);
	node_check(walk, yaml_document_get_node(walk->document, pair->value), &field->value);
	walk->path[length] = '\0';
}

static void mapping_check(struct walk *walk, const yaml_node_t *node,
			  const cyaml_schema_field_t *fields)
{
	unsigned int lines[FIELDS_MAX] = {0};
	char keys[KEYS_TEXT], expected[KEYS_TEXT + 32];
	const yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE) {
		snprintf(expected, sizeof(expected), "keys of %s", keys_text(fields, keys));
		mismatch_tell(walk, node, expected);
		return;
	}
	for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
		pair_check(walk, pair, fields, lines);
}

static void sequence_check(struct walk *walk, const yaml_node_t *node,
			   const cyaml_schema_value_t *entry)
{
	const size_t length = strlen(walk->path);
	const yaml_node_item_t *item = node->data.sequence.items.start;
	unsigned int i;

	if (node->type != YAML_SEQUENCE_NODE) {
		mismatch_tell(walk, node, "a list, each item after a dash");
		return;
	}
	for (i = 0; item + i < node->data.sequence.items.top; i++) {
		snprintf(walk->path + length, PATH_TEXT - length, "[%u]", i);
		node_check(walk, yaml_document_get_node(walk->document, item[i]), entry);
	}
	walk->path[length] = '\0';
}

static void node_check(struct walk *walk, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	if (schema->type == CYAML_MAPPING)
		mapping_check(walk, node, schema->mapping.fields);
	else if (schema->type == CYAML_SEQUENCE)
		sequence_check(walk, node, schema->sequence.entry);
	else if (node->type != YAML_SCALAR_NODE)
		mismatch_tell(walk, node, "a single value");
	else if (memchr(node->data.scalar.value, '\0', node->data.scalar.length))
		mismatch_tell(walk, node, "one without a zero byte");
}

void yaml_tree_check(struct yaml_tree *tree, const cyaml_schema_value_t *schema,
		     struct problems *problems)
{
	struct walk walk = {.document = &tree->document, .problems = problems};

	node_check(&walk, yaml_document_get_root_node(&tree->document), schema);
}
