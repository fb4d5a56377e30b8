// A libc whose calls for files fail when a test says so. The service finds it by LD_LIBRARY_PATH in place of the real one,
// which it is linked to for everything else. Only what the service itself calls comes here, not what the runtime calls.
//
// A file that is called as the function is, in the directory KVSTORE_TEST_FAULTS, says what fails: an error number and,
// if it is not to be every file, a part of the file's path. The error number -1 means to wait until that file is gone.
// open fails only where a file is to be written or made, so that a test can have a medium that is there to be read.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails_for(const char *function, const char *file_path)
{
    for (;;) {
        char path[PATH_MAX], part[256] = "";
        int error = 0;
        snprintf(path, sizeof path, "%s/%s", getenv("KVSTORE_TEST_FAULTS"), function);
        FILE *file = fopen(path, "r");
        if (!file)
            return 0;
        int fields = fscanf(file, "%d %255s", &error, part);
        fclose(file);
        if (fields < 1)
            return 0;

        if (!strstr(file_path, part))
            return 0;
        if (error > 0) {
            errno = error;
            return 1;
        }
        usleep(5000);
    }
}

static int fails(const char *function, int descriptor)
{
    char path[PATH_MAX], link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return fails_for(function, path);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return (flags & (O_WRONLY | O_RDWR | O_CREAT)) && fails_for("open", path) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset)
{
    return fails("pread", descriptor) ? -1 : syscall(SYS_pread64, descriptor, bytes, count, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset)
{
    return fails("pwrite", descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, bytes, count, offset);
}

int fallocate(int descriptor, int mode, off_t offset, off_t length)
{
    return fails("fallocate", descriptor) ? -1 : syscall(SYS_fallocate, descriptor, mode, offset, length);
}

int fdatasync(int descriptor)
{
    return fails("fdatasync", descriptor) ? -1 : syscall(SYS_fdatasync, descriptor);
}
