// SPDX-License-Identifier: GPL-2.0
/* Choosing between native and generic XDP, and putting the program on the hook. */
#include <errno.h>
#include <string.h>

#include "attach.h"
#include "maps.h"

static bool driver_refused(int err)
{
	return err == -EOPNOTSUPP || err == -EINVAL || err == -ERANGE || err == -ENOSPC;
}

static int xdp_put(const char *dir, struct config *config, enum xdp_mode mode, struct error *error)
{
	int err;

	config->xdp_mode = mode;
	err = map_store(dir, "config", config, sizeof(*config));
	if (err)
		return error_set(error, err, "cannot write the configuration: %s", strerror(-err));
	return xdp_attach(dir, config, error);
}

static int native_refuse(const struct iface *iface, int err, struct error *error)
{
	struct error told = *error;

	return error_set(
	    error, err,
	    "%.700s. Try: synguard attach %s --xdp generic; if the MTU (%u) is too great"
	    " for native XDP, lower it",
	    told.text, iface->name, iface->mtu);
}

int xdp_choose(const struct attach_request *request, const char *dir, struct config *config,
	       struct attach_result *result, struct error *error)
{
	int err;

	result->why = "";
	if (request->setup->xdp == XDP_CHOICE_GENERIC)
		return xdp_put(dir, config, XDP_ATTACH_GENERIC, error);
	if (request->setup->xdp == XDP_CHOICE_AUTO &&
	    iface_peer_xdp(&request->iface) == IFACE_PEER_NO_XDP) {
		result->why = "its veth peer has no native XDP program, so native replies are lost";
		return xdp_put(dir, config, XDP_ATTACH_GENERIC, error);
	}
	err = xdp_put(dir, config, XDP_ATTACH_NATIVE, error);
	if (!err)
		return 0;
	if (request->setup->xdp == XDP_CHOICE_NATIVE)
		return native_refuse(&request->iface, err, error);
	if (!driver_refused(err))
		return err;
	result->native = *error;
	result->why = "the driver refused";
	return xdp_put(dir, config, XDP_ATTACH_GENERIC, error);
}
