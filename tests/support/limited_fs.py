"""Mounts a folder as file systems are that lack something: limited_fs.py SOURCE MOUNT LIMIT...

Limits: `nolink` (no hard links; FUSE of this version never knows a rename that replaces nothing), `nodirsync` (syncing a
directory is EINVAL), `norights` (all that is made is for everyone, and chmod fails), `name=BYTES` (of the longest name),
`size=BYTES` (of the largest file), `quota=BYTES` (lengths beyond are taken, bytes are not)."""

import errno
import os
import sys

from fusepy import FUSE, FuseOSError, Operations

source, mount, *given = sys.argv[1:]
limits = dict(limit.partition("=")[::2] for limit in given)


def limit(name):
    return int(limits.get(name, 1 << 60))


def refuse_if(refused, code):
    if refused:
        raise FuseOSError(code)


class Limited(Operations):
    use_ns = True

    def at(self, path):
        refuse_if(len(os.fsencode(os.path.basename(path))) > limit("name"), errno.ENAMETOOLONG)
        return source + path

    def getattr(self, path, fh=None):
        stat = os.lstat(self.at(path))
        found = {name: getattr(stat, name) for name in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks")}
        if "norights" in limits:
            found["st_mode"] |= 0o777
        return found | {f"st_{time}": getattr(stat, f"st_{time}_ns") for time in ("atime", "mtime", "ctime")}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.at(path))]

    def mkdir(self, path, mode):
        os.mkdir(self.at(path), mode)

    def rmdir(self, path):
        os.rmdir(self.at(path))

    def unlink(self, path):
        os.unlink(self.at(path))

    def rename(self, old, new):
        os.rename(self.at(old), self.at(new))

    def link(self, target, existing):
        refuse_if("nolink" in limits, errno.EPERM)
        os.link(self.at(existing), self.at(target))

    def chmod(self, path, mode):
        refuse_if("norights" in limits, errno.EPERM)
        os.chmod(self.at(path), mode)

    def utimens(self, path, times=None):
        os.utime(self.at(path), ns=tuple(map(int, times)))

    def create(self, path, mode, fi=None):
        return os.open(self.at(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def open(self, path, flags):
        return os.open(self.at(path), flags & ~os.O_NOFOLLOW)

    def read(self, path, count, offset, fh):
        return os.pread(fh, count, offset)

    def write(self, path, data, offset, fh):
        refuse_if(offset + len(data) > limit("size"), errno.EFBIG)
        refuse_if(offset + len(data) > limit("quota"), errno.EDQUOT)
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        refuse_if(length > limit("size"), errno.EFBIG)
        os.truncate(self.at(path), length)

    def release(self, path, fh):
        os.close(fh)

    def fsync(self, path, data, fh):
        os.fsync(fh)

    def fsyncdir(self, path, data, fh):
        refuse_if("nodirsync" in limits, errno.EINVAL)

    def statfs(self, path):
        stat = os.statvfs(source)
        return {name: getattr(stat, name) for name in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize")}


FUSE(Limited(), mount, foreground=True, default_permissions=True)
