// SPDX-License-Identifier: GPL-2.0
/* The table through a memory map or, where that is refused, in batches; the rest in batches. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "conns.h"
#include "table.h"

enum { BATCH = 4096, COPY_ATTEMPTS = 2 };

struct batch {
	struct conn_key *keys; /* of conns: __u32 each, in the same memory */
	struct conn *values;
	__u32 room;
};

/* Claimed slots have a state and no kind until their key is complete. */
static bool head_complete(const struct conn_head *head)
{
	return head->state != NONE && head->kind != KIND_NONE;
}

static struct conn_head head_load(const struct conn *slot)
{
	__u32 word = __atomic_load_n((const __u32 *)(const void *)&slot->head, __ATOMIC_ACQUIRE);
	struct conn_head head;

	memcpy(&head, &word, sizeof(head));
	return head;
}

/* Fails if the slot is free, or was written each time.  See conns_each for what can be torn. */
static bool slot_copy(const struct conn *slot, struct conn *ret_conn)
{
	struct conn_head before, after;
	int attempt;

	for (attempt = 0; attempt < COPY_ATTEMPTS; attempt++) {
		before = head_load(slot);
		if (!head_complete(&before))
			return false;
		memcpy(ret_conn, slot, sizeof(*ret_conn));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = head_load(slot);
		if (!memcmp(&before, &after, sizeof(before)) &&
		    !memcmp(&before, &ret_conn->head, sizeof(before)) &&
		    key_equal(&ret_conn->key, &slot->key))
			return true;
	}
	return false;
}

static int slots_each(const struct conn *slots, __u32 count, conn_visit visit, void *context)
{
	struct conn_row row;
	int result = 0;

	for (row.slot = 0; row.slot < count && !result; row.slot++)
		if (slot_copy(&slots[row.slot], &row.conn))
			result = visit(&row, context);
	return result;
}

static int batch_visit(const struct batch *batch, __u32 count, bool in_table, conn_visit visit,
		       void *context)
{
	const __u32 *indices = (const __u32 *)(const void *)batch->keys;
	struct conn_row row;
	int result = 0;
	__u32 i;

	for (i = 0; i < count && !result; i++) {
		if (!head_complete(&batch->values[i].head))
			continue;
		row.conn = batch->values[i];
		row.slot = in_table ? indices[i] : (__u32)CONN_HALF_OPEN;
		result = visit(&row, context);
	}
	return result;
}

/* The kernel copies the values, so these cannot be looked at twice: a key may be torn, too. */
static int batches_each(int fd, const struct batch *batch, bool in_table, conn_visit visit,
			void *context)
{
	__u32 position, count;
	void *in = NULL;
	int err, result;

	do {
		count = batch->room;
		err = bpf_map_lookup_batch(fd, in, &position, batch->keys, batch->values, &count,
					   NULL);
		if (err && err != -ENOENT)
			return err;
		in = &position;
		result = batch_visit(batch, count, in_table, visit, context);
	} while (!err && !result);
	return result;
}

/* room: how many at once; a bucket of a hash must fit. */
static int map_each(int fd, __u32 room, bool in_table, conn_visit visit, void *context)
{
	struct batch batch = {.keys = calloc(room, sizeof(*batch.keys)),
			      .values = calloc(room, sizeof(*batch.values)),
			      .room = room};
	int result = -ENOMEM;

	if (batch.keys && batch.values)
		result = batches_each(fd, &batch, in_table, visit, context);
	free(batch.keys);
	free(batch.values);
	return result;
}

static int map_shape(int fd, __u32 key_size, __u32 *ret_entries)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (err)
		return err;
	if (info.key_size != key_size || info.value_size != sizeof(struct conn))
		return -EPROTO;
	*ret_entries = info.max_entries;
	return 0;
}

static int table_each(int fd, conn_visit visit, void *context)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size;
	__u32 slots;
	void *memory;
	int result = map_shape(fd, sizeof(__u32), &slots);

	if (result)
		return result;
	size = (slots * sizeof(struct conn) + page - 1) & ~(page - 1);
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return map_each(fd, BATCH, true, visit, context);
	result = slots_each(memory, slots, visit, context);
	munmap(memory, size);
	return result;
}

/*
 * Half-open ones first: a handshake that finishes meanwhile is seen twice rather than not at all.
 */
int conns_each(int conns_fd, int halfopen_fd, conn_visit visit, void *context)
{
	__u32 halfopen_max;
	int result = map_shape(halfopen_fd, sizeof(struct conn_key), &halfopen_max);

	if (!result)
		result = map_each(halfopen_fd, halfopen_max, false, visit, context);
	return result ? result : table_each(conns_fd, visit, context);
}
