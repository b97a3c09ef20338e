// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec_load KERNEL INITRD COMMAND-LINE [crash]: makes a kernel the next one,
 * and goes there at once, with the devices as they are; or makes it the one
 * that a crash leads to.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long flags = argc > 4 ? KEXEC_FILE_ON_CRASH : 0;
	int kernel, initrd;

	if (argc < 4)
		return 2;
	kernel = open(argv[1], O_RDONLY);
	initrd = open(argv[2], O_RDONLY);
	if (kernel < 0 || initrd < 0 ||
	    syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3], flags)) {
		printf("FAIL kexec-load: %s\n", strerror(errno));
		return 1;
	}
	if (flags)
		return 0;
	reboot(LINUX_REBOOT_CMD_KEXEC);
	printf("FAIL kexec: %s\n", strerror(errno));
	return 1;
}
