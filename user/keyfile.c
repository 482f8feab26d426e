// SPDX-License-Identifier: GPL-2.0
/* Reading and making key files.  No copy of a key outlives the function that needed it. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyfile.h"
#include "random.h"

enum { DIGITS = 2 * (sizeof(((struct keyfile *)0)->key) + sizeof(__u64)) };

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two digits for each byte; the position of the first that is none, or -1. */
static int hex_decode(const char *text, __u8 *ret_bytes, int digits)
{
	int i, value;

	for (i = 0; i < digits; i++) {
		value = digit_value(text[i]);
		if (value < 0)
			return i;
		ret_bytes[i / 2] = (__u8)(i % 2 ? ret_bytes[i / 2] | value : value << 4);
	}
	return -1;
}

static void hex_encode(const __u8 *bytes, int digits, char *ret_text)
{
	int i;

	for (i = 0; i < digits; i++)
		ret_text[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 0xf];
}

static int line_decode(const char *path, const char *line, size_t length,
		       struct keyfile *ret_keyfile, struct error *error)
{
	__u8 bytes[DIGITS / 2];
	int bad;

	if (length && line[length - 1] == '\n')
		length--;
	if (length != DIGITS)
		return error_set(
		    error, -EINVAL,
		    "%s is no key file: it has %s%zu characters, expected one line of %d"
		    " hex digits; make one: synguard key new FILE",
		    path, length > DIGITS ? "at least " : "", length, DIGITS);
	bad = hex_decode(line, bytes, DIGITS);
	if (bad < 0) {
		memcpy(ret_keyfile->key, bytes, sizeof(ret_keyfile->key));
		memcpy(&ret_keyfile->epoch_mask, bytes + sizeof(ret_keyfile->key),
		       sizeof(ret_keyfile->epoch_mask));
	}
	explicit_bzero(bytes, sizeof(bytes));
	if (bad < 0)
		return 0;
	return error_set(error, -EINVAL,
			 "%s is no key file: character %d is no hex digit; make one: synguard key"
			 " new FILE",
			 path, bad + 1);
}

/* Who else might know what is in it? */
static int secrecy_check(const char *path, int fd, struct error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(error, -errno, "cannot stat %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(error, -EINVAL, "%s is not a regular file", path);
	if (st.st_uid != geteuid())
		return error_set(
		    error, -EPERM,
		    "%s belongs to user %u, who can read the key; if nobody did: chown %u"
		    " %s, else make a new one",
		    path, st.st_uid, geteuid(), path);
	if (st.st_mode & 077)
		return error_set(error, -EPERM,
				 "%s has mode %04o, so others than its owner can read or change the"
				 " key; if nobody did: chmod 600 %s, else make a new one",
				 path, st.st_mode & 07777, path);
	return 0;
}

int keyfile_read(const char *path, struct keyfile *ret_keyfile, struct error *error)
{
	char line[DIGITS + 2]; /* one more than is right */
	/* Not to wait for the other end of a pipe. */
	int err, fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t length;

	if (fd < 0 && errno == ELOOP)
		return error_set(error, -ELOOP, "%s is a symbolic link; name the key file itself",
				 path);
	if (fd < 0)
		return error_set(error, -errno, "cannot open the key file %s: %s", path,
				 strerror(errno));
	err = secrecy_check(path, fd, error);
	if (!err) {
		length = read(fd, line, sizeof(line));
		if (length < 0)
			err = error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
		else
			err = line_decode(path, line, (size_t)length, ret_keyfile, error);
		explicit_bzero(line, sizeof(line));
	}
	close(fd);
	return err;
}

static int keyfile_write(int fd, const struct keyfile *keyfile)
{
	char line[DIGITS + 1];
	__u8 bytes[DIGITS / 2];
	ssize_t done;
	int err = 0;

	memcpy(bytes, keyfile->key, sizeof(keyfile->key));
	memcpy(bytes + sizeof(keyfile->key), &keyfile->epoch_mask, sizeof(keyfile->epoch_mask));
	hex_encode(bytes, DIGITS, line);
	line[DIGITS] = '\n';
	done = write(fd, line, sizeof(line));
	if (done != (ssize_t)sizeof(line))
		err = done < 0 ? -errno : -ENOSPC;
	else if (fchmod(fd, 0600) || fsync(fd))
		err = -errno;
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(line, sizeof(line));
	return err;
}

/* So that the name is on disk, too. */
static void dir_sync(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

int keyfile_make(const char *path, struct error *error)
{
	struct keyfile keyfile;
	int err, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return error_set(error, -EEXIST,
				 "%s exists; for a new key in its place: synguard key new %s"
				 " --replace",
				 path, path);
	if (fd < 0)
		return error_set(error, -errno, "cannot make %s: %s", path, strerror(errno));
	err = random_fill(&keyfile, sizeof(keyfile));
	if (!err)
		err = keyfile_write(fd, &keyfile);
	explicit_bzero(&keyfile, sizeof(keyfile));
	close(fd);
	if (err) {
		unlink(path);
		return error_set(error, err, "cannot write %s: %s", path, strerror(-err));
	}
	dir_sync(path);
	return 0;
}

static int replace_by(const char *path, const struct keyfile *keyfile, struct error *error)
{
	char *name;
	int fd, err;

	if (asprintf(&name, "%s.XXXXXX", path) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	fd = mkostemp(name, O_CLOEXEC); /* mode 0600 */
	err = fd < 0 ? -errno : keyfile_write(fd, keyfile);
	if (!err && rename(name, path))
		err = -errno;
	if (fd >= 0) {
		if (err)
			unlink(name);
		close(fd);
	}
	if (err)
		error_set(error, err, "cannot write a file next to %s to replace it: %s", path,
			  strerror(-err));
	else
		dir_sync(path);
	free(name);
	return err;
}

int keyfile_replace(const char *path, struct error *error)
{
	struct keyfile keyfile;
	int err = keyfile_read(path, &keyfile, error);

	if (err)
		return err;
	err = random_fill(keyfile.key, sizeof(keyfile.key));
	if (err)
		error_set(error, err, "cannot get random numbers: %s", strerror(-err));
	else
		err = replace_by(path, &keyfile, error);
	explicit_bzero(&keyfile, sizeof(keyfile));
	return err;
}
