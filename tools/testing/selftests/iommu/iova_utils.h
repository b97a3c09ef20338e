/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the IOVA allocator share: a disk whose reads go through an
 * IOMMU, and a process that keeps it busy.
 */

#ifndef _IOVA_UTILS_H
#define _IOVA_UTILS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* One read; a multiple of any block size, and more than one page. */
#define IO_BYTES	(128 * 1024)

/* What the tests read of the disk. */
#define DISK_BYTES	(8 * 1024 * 1024)

/* Reads a small file; false if that fails or nothing is in it. */
static bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/* Mounts a kernel file system unless it is there already. */
static bool have_mount(const char *type, const char *dir, const char *probe)
{
	if (!access(probe, F_OK))
		return true;
	return !mount(type, dir, type, 0, NULL) && !access(probe, F_OK);
}

/*
 * Is the nearest device above a disk in a group whose DMA is translated? The
 * group is an attribute of the bus device, some levels above the disk.
 */
static bool disk_is_translated(const char *disk)
{
	char path[PATH_MAX], file[PATH_MAX + 32], type[32];
	char *slash;

	snprintf(file, sizeof(file), "/sys/block/%s", disk);
	if (!realpath(file, path))
		return false;

	while ((slash = strrchr(path, '/')) && slash != path) {
		snprintf(file, sizeof(file), "%s/iommu_group/type", path);
		if (read_text(file, type, sizeof(type)))
			return !strncmp(type, "DMA", 3);
		*slash = '\0';
	}
	return false;
}

static int open_direct(const char *disk)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/dev/%s", disk);
	return open(path, O_RDONLY | O_DIRECT);
}

static bool read_direct(int fd, void *buf, off_t offset)
{
	return pread(fd, buf, IO_BYTES, offset) == IO_BYTES;
}

/*
 * Finds a disk to read from: NVMe before others, because virtio-blk may be
 * behind an IOMMU and bypass it.
 */
static int open_translated_disk(void *buf)
{
	bool want_nvme = true;
	struct dirent *entry;
	int fd = -1;
	DIR *dir;

	dir = opendir("/sys/block");
	if (!dir)
		return -1;
again:
	while (fd < 0 && (entry = readdir(dir))) {
		if (want_nvme != !strncmp(entry->d_name, "nvme", 4) ||
		    !disk_is_translated(entry->d_name))
			continue;
		fd = open_direct(entry->d_name);
		if (fd >= 0 && !read_direct(fd, buf, DISK_BYTES - IO_BYTES)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0 && want_nvme) {
		want_nvme = false;
		rewinddir(dir);
		goto again;
	}
	closedir(dir);
	return fd;
}

static void *alloc_io_buffer(size_t size)
{
	void *buf = NULL;

	return posix_memalign(&buf, 4096, size) ? NULL : buf;
}

/*
 * Reads all over the disk until it is told to stop. With @want, each block is
 * compared. Exit status 0 if all was well.
 */
static void reader(int fd, const char *want)
{
	char *buf = alloc_io_buffer(IO_BYTES);
	unsigned int block = getpid();

	if (!buf)
		_exit(2);
	while (1) {
		off_t offset;

		block = block * 1103515245 + 12345;
		offset = (block >> 8) % (DISK_BYTES / IO_BYTES) * IO_BYTES;
		if (!read_direct(fd, buf, offset))
			_exit(3);
		if (want && memcmp(buf, want + offset, IO_BYTES))
			_exit(4);
	}
}

static pid_t start_reader(int fd, const char *want)
{
	pid_t pid = fork();

	if (!pid)
		reader(fd, want);
	return pid;
}

/* True if the reader was still at work, without having found anything. */
static bool stop_reader(pid_t pid)
{
	int status;

	if (pid <= 0)
		return false;
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

#endif
