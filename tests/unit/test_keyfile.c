// SPDX-License-Identifier: GPL-2.0
/* Key files: what is refused, and that nothing of a key gets into a message or is left behind. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyfile.h"

static char dir[] = "/tmp/test_keyfile.XXXXXX", path[64];

#define LINE "00112233445566778899aabbccddeeff0123456789abcdef"

static int group_setup(void **state)
{
	(void)state;
	umask(022);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int setup(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void put(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void get(char *ret_text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(file);
	length = fread(ret_text, 1, size - 1, file);
	ret_text[length] = '\0';
	fclose(file);
}

static unsigned int files(void)
{
	DIR *stream = opendir(dir);
	unsigned int count = 0;
	struct dirent *entry;

	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

static void line_is_read(void **state)
{
	static const char *const texts[] = {LINE "\n", LINE,
					    "00112233445566778899AABBCCDDEEFF0123456789ABCDEF\n"};
	static const __u8 mask[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	struct keyfile keyfile;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		put(texts[i], 0600);
		memset(&keyfile, 0x5a, sizeof(keyfile));
		assert_int_equal(keyfile_read(path, &keyfile, &error), 0);
		for (int byte = 0; byte < 16; byte++)
			assert_int_equal(keyfile.key[byte], byte * 0x11);
		assert_memory_equal(&keyfile.epoch_mask, mask, 8);
	}
}

static void other_text_is_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"", "it has 0 characters"},
	    {"\n", "it has 0 characters"},
	    {"00112233445566778899aabbccddeeff0123456789abcde\n", "it has 47 characters"},
	    {LINE "0\n", "at least 49 characters"},
	    {LINE "\n\n", "at least 49 characters"},
	    {LINE "\n" LINE "\n", "characters"},
	    {"00112233445566778899aabbccddeeff0123456789abcdeg\n", "character 48"},
	    {" 0112233445566778899aabbccddeeff0123456789abcdef\n", "character 1 "},
	    {"0x112233445566778899aabbccddeeff0123456789abcdef\n", "character 2"},
	};
	struct keyfile keyfile, untouched;
	struct error error;

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		put(rows[i].text, 0600);
		keyfile = untouched;
		assert_int_equal(keyfile_read(path, &keyfile, &error), -EINVAL);
		assert_memory_equal(&keyfile, &untouched, sizeof(keyfile));
		if (!strstr(error.text, rows[i].words))
			fail_msg("row %zu: %s", i, error.text);
		assert_non_null(strstr(error.text, "synguard key new"));
		assert_null(strstr(error.text, "2233"));
	}
}

/* Every bit but the owner's. */
static void mode_is_refused(void **state)
{
	struct keyfile keyfile;
	struct error error;

	(void)state;
	for (mode_t mode = 0; mode < 0100; mode++) {
		put(LINE "\n", 0600 | mode);
		assert_int_equal(keyfile_read(path, &keyfile, &error), mode ? -EPERM : 0);
		if (mode && !strstr(error.text, "chmod 600 /tmp/test_keyfile"))
			fail_msg("no remedy: %s", error.text);
	}
	put(LINE "\n", 0400);
	assert_int_equal(keyfile_read(path, &keyfile, &error), 0);
}

static void owner_is_refused(void **state)
{
	struct keyfile keyfile;
	struct error error;

	(void)state;
	put(LINE "\n", 0600);
	if (chown(path, 65534, (gid_t)-1)) {
		print_message("# skipped: only root can give a file away\n");
		skip();
	}
	assert_int_equal(keyfile_read(path, &keyfile, &error), -EPERM);
	assert_non_null(strstr(error.text, "belongs to user 65534"));
}

static void only_regular_files(void **state)
{
	struct keyfile keyfile;
	struct error error;
	char target[80];

	(void)state;
	assert_int_equal(keyfile_read(path, &keyfile, &error), -ENOENT);
	snprintf(target, sizeof(target), "%s.target", path);
	put(LINE "\n", 0600);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(keyfile_read(path, &keyfile, &error), -ELOOP);
	assert_int_equal(keyfile_replace(path, &error), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(target), 0);
	/* Without waiting for a writer. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keyfile_read(path, &keyfile, &error), -EINVAL);
	assert_int_equal(keyfile_read(dir, &keyfile, &error), -EINVAL);
}

static void made_and_read(void **state)
{
	struct keyfile a, b;
	struct error error;
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(keyfile_make(path, &error), 0);
	umask(022);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 49);
	assert_int_equal(keyfile_read(path, &a, &error), 0);
	/* It is never overwritten. */
	assert_int_equal(keyfile_make(path, &error), -EEXIST);
	assert_non_null(strstr(error.text, "--replace"));
	assert_int_equal(keyfile_read(path, &b, &error), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	unlink(path);
	umask(0777);
	assert_int_equal(keyfile_make(path, &error), 0);
	umask(022);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(keyfile_read(path, &b, &error), 0);
	assert_memory_not_equal(a.key, b.key, 16);
	assert_int_not_equal(a.epoch_mask, b.epoch_mask);
	assert_int_equal(files(), 1);
}

static void made_nowhere(void **state)
{
	struct error error;
	char nowhere[80];

	(void)state;
	snprintf(nowhere, sizeof(nowhere), "%s/none/key", dir);
	assert_int_equal(keyfile_make(nowhere, &error), -ENOENT);
	assert_int_equal(keyfile_replace(path, &error), -ENOENT);
	/* A dangling link is not followed. */
	assert_int_equal(symlink(nowhere, path), 0);
	assert_int_equal(keyfile_make(path, &error), -EEXIST);
}

static void replaced(void **state)
{
	struct keyfile a, b;
	struct error error;
	char text[80];
	struct stat st;

	(void)state;
	assert_int_equal(keyfile_make(path, &error), 0);
	assert_int_equal(keyfile_read(path, &a, &error), 0);
	assert_int_equal(keyfile_replace(path, &error), 0);
	assert_int_equal(keyfile_read(path, &b, &error), 0);
	assert_memory_not_equal(a.key, b.key, 16);
	assert_int_equal(a.epoch_mask, b.epoch_mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(files(), 1);
	/* What is no key file stays as it is. */
	put("something else\n", 0600);
	assert_int_equal(keyfile_replace(path, &error), -EINVAL);
	get(text, sizeof(text));
	assert_string_equal(text, "something else\n");
	put(LINE "\n", 0640);
	assert_int_equal(keyfile_replace(path, &error), -EPERM);
	get(text, sizeof(text));
	assert_string_equal(text, LINE "\n");
	assert_int_equal(files(), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(line_is_read),       TEST(other_text_is_refused),
	    TEST(mode_is_refused),    TEST(owner_is_refused),
	    TEST(only_regular_files), TEST(made_and_read),
	    TEST(made_nowhere),       TEST(replaced),
	};

	return cmocka_run_group_tests(tests, group_setup, group_end);
}
