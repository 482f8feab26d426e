// SPDX-License-Identifier: GPL-2.0
/* Reading a YAML document into libyaml's tree, and finding a value of it by its path. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_tree.h"

enum { DEPTH_MAX = 1000 };

static unsigned int line_of_offset(const char *data, size_t length, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < length && i < offset; i++)
		line += data[i] == '\n';
	return line;
}

static int parser_tell(const yaml_parser_t *parser, const char *data, size_t length,
		       struct problems *problems)
{
	const char *hint = "", *problem = parser->problem ? parser->problem : "unknown";
	const size_t at = parser->problem_mark.index;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		problem_add(problems, line_of_offset(data, length, parser->problem_offset),
			    "found %s, expected a text file in UTF-8", problem);
		return -EINVAL;
	}
	if (at < length && data[at] == '\t')
		hint = " (a tab: indent with spaces)";
	problem_add(problems, (unsigned int)parser->problem_mark.line + 1,
		    "expected valid YAML, but: %s%s%s%s", parser->context ? parser->context : "",
		    parser->context ? ", " : "", problem, hint);
	return -EINVAL;
}

/* The stream must end here. */
static int end_check(yaml_parser_t *parser, const char *data, size_t length,
		     struct problems *problems)
{
	yaml_document_t second;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &second))
		return parser_tell(parser, data, length, problems);
	root = yaml_document_get_root_node(&second);
	if (root)
		problem_add(problems, (unsigned int)root->start_mark.line + 1,
			    "found a second YAML document, expected one");
	yaml_document_delete(&second);
	return root ? -EINVAL : 0;
}

/*
 * libyaml's time grows with the square of how deep brackets are open.  Brackets in comments and
 * quotes count here, too: no file of ours has so many.
 */
static int depth_check(const char *data, size_t length, struct problems *problems)
{
	unsigned int depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (data[i] == '[' || data[i] == '{')
			depth++;
		else if ((data[i] == ']' || data[i] == '}') && depth)
			depth--;
		if (depth <= DEPTH_MAX)
			continue;
		problem_add(problems, line_of_offset(data, length, i),
			    "found more than %d open brackets, expected 3 at most", DEPTH_MAX);
		return -EINVAL;
	}
	return 0;
}

int yaml_tree_load(const char *data, size_t length, struct yaml_tree *ret_tree,
		   struct problems *problems)
{
	yaml_parser_t parser;
	int err = depth_check(data, length, problems);

	if (err)
		return err;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)data, length);
	if (!yaml_parser_load(&parser, &ret_tree->document)) {
		err = parser_tell(&parser, data, length, problems);
		yaml_parser_delete(&parser);
		return err;
	}
	if (yaml_document_get_root_node(&ret_tree->document)) {
		err = end_check(&parser, data, length, problems);
	} else {
		problem_add(problems, 0,
			    "found nothing, expected settings; {} alone means: all as in"
			    " synguard config default");
		err = -EINVAL;
	}
	yaml_parser_delete(&parser);
	if (err)
		yaml_tree_free(ret_tree);
	return err;
}

void yaml_tree_free(struct yaml_tree *tree)
{
	yaml_document_delete(&tree->document);
}

static yaml_node_t *mapping_find(yaml_document_t *document, const yaml_node_t *mapping,
				 const char *key, size_t length)
{
	yaml_node_pair_t *pair;
	const yaml_node_t *name;

	for (pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		name = yaml_document_get_node(document, pair->key);
		if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == length &&
		    !memcmp(name->data.scalar.value, key, length))
			return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

/* One step of a path: "key" or "[7]"; *path is moved behind it and its dot. */
static yaml_node_t *step(yaml_document_t *document, const yaml_node_t *node, const char **path)
{
	const yaml_node_item_t *items = node->data.sequence.items.start;
	const char *name = *path;
	size_t length = strcspn(name, ".[");
	char *end;
	unsigned long i;

	if (*name == '[') {
		i = strtoul(name + 1, &end, 10);
		*path = end + strspn(end, "].");
		if (node->type != YAML_SEQUENCE_NODE ||
		    i >= (size_t)(node->data.sequence.items.top - items))
			return NULL;
		return yaml_document_get_node(document, items[i]);
	}
	*path = name + length + (name[length] == '.');
	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	return mapping_find(document, node, name, length);
}

/* The deepest node on the path; *ret_whole: it is the path's own. */
static yaml_node_t *path_find(struct yaml_tree *tree, const char *path, bool *ret_whole)
{
	yaml_node_t *node = yaml_document_get_root_node(&tree->document), *next = node;

	while (*path && next) {
		next = step(&tree->document, node, &path);
		if (next)
			node = next;
	}
	*ret_whole = next != NULL;
	return node;
}

bool yaml_tree_has(struct yaml_tree *tree, const char *path)
{
	bool whole;

	path_find(tree, path, &whole);
	return whole;
}

unsigned int yaml_tree_line(struct yaml_tree *tree, const char *path)
{
	bool whole;

	return (unsigned int)path_find(tree, path, &whole)->start_mark.line + 1;
}
