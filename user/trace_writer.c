// SPDX-License-Identifier: GPL-2.0
/* Where traced packets go: one file, and one function for each form. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "trace_json.h"
#include "trace_pcapng.h"
#include "trace_writer.h"

#define NS_PER_S 1000000000ULL

static __u64 wall_offset_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * NS_PER_S + (__u64)now.tv_nsec - host_boottime_ns();
}

static int write_error(void)
{
	return errno ? -errno : -EIO;
}

static int bytes_write(struct trace_writer *writer, const void *bytes, size_t length)
{
	errno = 0;
	return fwrite(bytes, 1, length, writer->file) == length ? 0 : write_error();
}

/* What was captured is for root's eyes. */
static int pcap_open(struct trace_writer *writer, const char *iface, const char *path,
		     struct error *error)
{
	__u8 bytes[PCAPNG_MAX];
	size_t length;
	int fd;

	if (!strcmp(path, "-") && isatty(STDOUT_FILENO))
		return error_set(error, -EINVAL,
				 "--pcap - would write to this terminal; pipe it: synguard trace"
				 " --pcap - | tshark -r -");
	if (strcmp(path, "-") != 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		writer->file = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!writer->file)
		return error_set(error, -errno, "cannot write %s: %s", path, strerror(errno));
	length = pcapng_header(iface, bytes);
	return bytes_write(writer, bytes, length);
}

int trace_writer_open(struct trace_writer *writer, const struct instance *instance,
		      const char *path, struct error *error)
{
	writer->file = stdout;
	writer->wall_offset = wall_offset_ns();
	setlocale(LC_CTYPE, "");
	trace_modes_open(&writer->modes, instance);
	writer->ladder = (struct ladder){.wall_offset = writer->wall_offset,
					 .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8")};
	if (writer->output == TRACE_PCAP)
		return pcap_open(writer, instance->name, path, error);
	return 0;
}

/* A hand-off that goes well would be the same frame a second time, which readers call a repeat. */
static int pcap_add(struct trace_writer *writer, const struct trace_event *event)
{
	__u8 bytes[PCAPNG_MAX];
	size_t length;

	if (event->point == TRACE_HANDOFF && !trace_is_drop(event, writer->ladder.monitor))
		return 0;
	writer->shown++;
	length =
	    pcapng_packet(event, event->at + writer->wall_offset, writer->ladder.monitor, bytes);
	return bytes_write(writer, bytes, length);
}

static int ladder_add(struct trace_writer *writer, const struct trace_packet *packet,
		      struct trace_conn *conn)
{
	char text[LADDER_TEXT_MAX];

	writer->shown++;
	ladder_draw(&writer->ladder, conn, packet, text);
	return bytes_write(writer, text, strlen(text));
}

static int json_add(struct trace_writer *writer, const struct trace_packet *packet,
		    const struct trace_conn *conn)
{
	json_t *object = trace_json(conn, packet, packet->event->at + writer->wall_offset,
				    writer->ladder.monitor);
	int err = object ? 0 : -ENOMEM;

	writer->shown++;
	errno = 0;
	if (!err && json_dumpf(object, writer->file, JSON_COMPACT))
		err = write_error();
	json_decref(object);
	return err ? err : bytes_write(writer, "\n", 1);
}

int trace_writer_add(struct trace_writer *writer, const struct trace_event *event)
{
	struct trace_packet packet;
	struct trace_conn *conn;

	writer->ladder.monitor = trace_modes_monitor(&writer->modes, event);
	if (writer->output == TRACE_PCAP)
		return pcap_add(writer, event);
	trace_decode(event, &packet);
	conn = trace_conns_learn(&writer->conns, &packet);
	return writer->output == TRACE_JSON ? json_add(writer, &packet, conn)
					    : ladder_add(writer, &packet, conn);
}

int trace_writer_flush(struct trace_writer *writer)
{
	struct pollfd reader = {.fd = fileno(writer->file)};

	errno = 0;
	if (fflush(writer->file) || ferror(writer->file))
		return write_error();
	return poll(&reader, 1, 0) > 0 && reader.revents & (POLLERR | POLLHUP) ? -EPIPE : 0;
}

int trace_writer_close(struct trace_writer *writer)
{
	trace_modes_close(&writer->modes);
	if (writer->file == stdout)
		return trace_writer_flush(writer);
	return fclose(writer->file) ? -EIO : 0;
}
