// SPDX-License-Identifier: GPL-2.0
/* Making the ring of cookie keys at attach.  Every copy of a key here is erased after use. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "host.h"
#include "jiffies.h"
#include "keyfile.h"
#include "keys.h"
#include "maps.h"
#include "random.h"

/* What of the ring does not depend on a former one, or is not to be taken over. */
static void ring_settle(struct keys *ring, __u64 clock, __u32 period_s, __u32 hz)
{
	ring->clock = keys_clock_choose(ring->clock, clock, hz);
	ring->period = (__u64)period_s * hz;
	ring->order = 0;
	ring->next_clock = 0;
	memset(ring->next_key, 0, sizeof(ring->next_key));
	memset(ring->next_ratchet, 0, sizeof(ring->next_ratchet));
}

static int ring_make(const struct keyfile *file, __u64 jiffies, struct keys *ret_ring)
{
	int err = random_fill(ret_ring, sizeof(*ret_ring));

	ret_ring->turn = 0;
	ret_ring->clock = 0;
	tuple_key_make(&ret_ring->tuple, ret_ring->presence);
	ret_ring->shared = file != NULL;
	ret_ring->pad = 0;
	ret_ring->turned_at = jiffies;
	ret_ring->turns = 0;
	if (file) {
		memcpy(ret_ring->slot[0], file->key, sizeof(file->key));
		ret_ring->epoch_mask = file->epoch_mask;
	}
	return err;
}

static int ring_prepare(const struct keys_request *request, const struct keyfile *file,
			struct keys *ring, struct runtime *runtime)
{
	const enum instance_state state = request->old->state;
	__u32 hz = host_hz();
	__u64 jiffies;
	int inherited, err = jiffies_read(&jiffies);

	if (err)
		return err;
	inherited = (state == INSTANCE_LINGERING || state == INSTANCE_LOST) &&
		    !map_load(request->old_dir, "keys", ring, sizeof(*ring)) &&
		    keys_same_source(ring, file);
	/* The note that cookies without timestamps are out goes with the keys. */
	if (inherited)
		memcpy(runtime->nots_epoch, request->old->runtime.nots_epoch,
		       sizeof(runtime->nots_epoch));
	else
		err = ring_make(file, jiffies, ring);
	ring_settle(ring, file ? keys_clock_now(hz, jiffies) : 0, request->rotate_s, hz);
	return err;
}

int keys_prepare(const struct keys_request *request, struct error *error)
{
	struct runtime runtime = {0};
	struct keyfile file;
	struct keys ring;
	int err;

	if (request->key_file && request->rotate_s)
		return error_set(
		    error, -EINVAL,
		    "keys of a file cannot be rotated by each machine for itself; leave"
		    " out the period, and see: synguard key rotate --help");
	err = request->key_file ? keyfile_read(request->key_file, &file, error) : 0;
	if (err)
		return err;
	err = ring_prepare(request, request->key_file ? &file : NULL, &ring, &runtime);
	if (!err)
		err = map_store(request->dir, "keys", &ring, sizeof(ring));
	if (!err)
		err = map_store(request->dir, "runtime", &runtime, sizeof(runtime));
	explicit_bzero(&ring, sizeof(ring));
	explicit_bzero(&file, sizeof(file));
	return err ? error_set(error, err, "cannot make the cookie keys: %s", strerror(-err)) : 0;
}
