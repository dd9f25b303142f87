// SPDX-License-Identifier: Apache-2.0
// Natives of dev.wanlet.ggml.internal.MappedFileJni: read-only memory mapping of files of any size, and reading them.
// Java 17 maps at most 2 GiB at a time and cannot unmap on demand, and its channels close when a thread is interrupted.
//
// Native code reads a file's bytes with read_range alone: touching a page that is not there any more (the file was cut off,
// its disk is gone) would end the process. Java's own reads of the mapping end in an exception.

#include "jni_support.h"

#include <jni.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#ifdef _WIN32
#    ifndef NOMINMAX
#        define NOMINMAX
#    endif
#    ifndef WIN32_LEAN_AND_MEAN
#        define WIN32_LEAN_AND_MEAN
#    endif
#    include <windows.h>
#else
#    include <atomic>
#    include <cerrno>
#    include <csetjmp>
#    include <csignal>
#    include <fcntl.h>
#    include <sys/mman.h>
#    include <sys/stat.h>
#    include <unistd.h>
#endif

using wanlet::error_code;
using wanlet::advice;
using wanlet::guarded;
using wanlet::native_error;
using wanlet::to_long_array;
using wanlet::to_string;

namespace {

struct mapping {
    void *  address;
    int64_t length;
    int64_t file;  // descriptor, or HANDLE
};

// What tells that a file was changed.
struct version {
    int64_t length;
    int64_t modified;  // in the system's own unit
};

[[noreturn]] void fail(const std::string & what, const std::string & reason) {
    throw native_error(error_code::IO, what + ": " + reason);
}

#ifdef _WIN32

std::string last_error() {
    const DWORD code = GetLastError();
    char        text[512];
    const DWORD n = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, code, 0, text,
                                   sizeof(text), nullptr);
    return n > 0 ? std::string(text, n) : "Windows error " + std::to_string(code);
}

struct handle_closer {
    HANDLE handle;
    HANDLE release() { return std::exchange(handle, nullptr); }
    ~handle_closer() {
        if (handle != nullptr && handle != INVALID_HANDLE_VALUE) {
            CloseHandle(handle);
        }
    }
};

std::wstring to_wide(const std::string & utf8) {
    const int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8.data(), (int) utf8.size(), nullptr, 0);
    if (n <= 0) {
        fail("file name is not valid UTF-8", last_error());
    }
    std::wstring wide((size_t) n, L'\0');
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8.data(), (int) utf8.size(), wide.data(), n);
    return wide;
}

mapping map_file(const std::string & path) {
    handle_closer file{ CreateFileW(to_wide(path).c_str(), GENERIC_READ,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                    FILE_ATTRIBUTE_NORMAL, nullptr) };
    if (file.handle == INVALID_HANDLE_VALUE) {
        fail("cannot open", last_error());
    }
    LARGE_INTEGER size;
    if (!GetFileSizeEx(file.handle, &size)) {
        fail("cannot read the file's size", last_error());
    }
    if (size.QuadPart == 0) {
        fail("cannot map", "the file is empty");
    }
    const handle_closer section{ CreateFileMappingW(file.handle, nullptr, PAGE_READONLY, 0, 0, nullptr) };
    if (section.handle == nullptr) {
        fail("cannot map", last_error());
    }
    // The view keeps the section alive after its handle is closed.
    void * address = MapViewOfFile(section.handle, FILE_MAP_READ, 0, 0, 0);
    if (address == nullptr) {
        fail("cannot map", last_error());
    }
    return { address, size.QuadPart, (int64_t) (intptr_t) file.release() };
}

void unmap_file(const mapping & m) {
    CloseHandle((HANDLE) (intptr_t) m.file);
    if (!UnmapViewOfFile(m.address)) {
        fail("cannot unmap", last_error());
    }
}

// False if the file does not hold these bytes any more.
bool read_range(const mapping & m, int64_t offset, char * target, int64_t length) {
    constexpr int64_t most = 1 << 30;
    int64_t           done = 0;
    while (done < length) {
        OVERLAPPED at = {};
        at.Offset     = (DWORD) (offset + done);
        at.OffsetHigh = (DWORD) ((offset + done) >> 32);
        DWORD read    = 0;
        if (!ReadFile((HANDLE) (intptr_t) m.file, target + done, (DWORD) std::min(most, length - done), &read, &at) &&
            GetLastError() != ERROR_HANDLE_EOF) {
            fail("cannot read", last_error());
        }
        if (read == 0) {
            break;
        }
        done += read;
    }
    return done == length;
}

version version_of(int64_t file) {
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle((HANDLE) (intptr_t) file, &info)) {
        fail("cannot read the file's size", last_error());
    }
    return { (int64_t) (((uint64_t) info.nFileSizeHigh << 32) | info.nFileSizeLow),
             (int64_t) (((uint64_t) info.ftLastWriteTime.dwHighDateTime << 32) | info.ftLastWriteTime.dwLowDateTime) };
}

void advise_range(void * address, int64_t length, advice kind) {
    // Windows has no counterpart of the other two for clean file pages: its working-set trimmer takes them when needed.
    if (kind == advice::WILL_NEED) {
        WIN32_MEMORY_RANGE_ENTRY range{ address, (SIZE_T) length };
        PrefetchVirtualMemory(GetCurrentProcess(), 1, &range, 0);
    }
}

#else

struct descriptor_closer {
    int descriptor;
    int release() { return std::exchange(descriptor, -1); }
    ~descriptor_closer() {
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
};

mapping map_file(const std::string & path) {
    descriptor_closer file{ open(path.c_str(), O_RDONLY | O_CLOEXEC) };
    if (file.descriptor < 0) {
        fail("cannot open", std::strerror(errno));
    }
    struct stat info;
    if (fstat(file.descriptor, &info) != 0) {
        fail("cannot read the file's size", std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        fail("cannot map", "not a regular file");
    }
    if (info.st_size == 0) {
        fail("cannot map", "the file is empty");
    }
    void * address = mmap(nullptr, (size_t) info.st_size, PROT_READ, MAP_SHARED, file.descriptor, 0);
    if (address == MAP_FAILED) {
        if (errno == ENOMEM) {
            throw native_error(error_code::OUT_OF_MEMORY, "cannot map: no address space is left");
        }
        fail("cannot map", std::strerror(errno));
    }
    return { address, (int64_t) info.st_size, file.release() };
}

void unmap_file(const mapping & m) {
    close((int) m.file);
    if (munmap(m.address, (size_t) m.length) != 0) {
        fail("cannot unmap", std::strerror(errno));
    }
}

// Copying from a warm mapping takes a quarter of the time of reading the file, so it is done under a guard instead: a bus
// error in it (the file was cut off, its disk is gone) ends the copy. All other bus errors go to who handled them before,
// which is the JVM: it turns those of its own accesses into exceptions.
thread_local sigjmp_buf * guard = nullptr;
struct sigaction          previous_action;

void on_bus_error(int signal, siginfo_t * info, void * context) {
    if (guard != nullptr) {
        siglongjmp(*guard, 1);
    }
    if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
        previous_action.sa_sigaction(signal, info, context);
    } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
        previous_action.sa_handler(signal);
    } else {
        sigaction(signal, &previous_action, nullptr);  // the access is made again, and ends the process as it would have
    }
}

bool install_guard() {
    struct sigaction action = {};
    action.sa_sigaction     = on_bus_error;
    action.sa_flags         = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, &previous_action) == 0;
}

// False if a page of the source is not there. Holds nothing that a jump would leave behind.
bool copy_guarded(char * target, const char * source, size_t length) {
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        guard = nullptr;
        return false;
    }
    guard = &here;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(target, source, length);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    guard = nullptr;
    return true;
}

// False if the file does not hold these bytes any more.
bool read_range(const mapping & m, int64_t offset, char * target, int64_t length) {
    static const bool guarded_reads = install_guard();
    if (!guarded_reads) {
        fail("cannot read", "no guard for bus errors");
    }
    return copy_guarded(target, (const char *) m.address + offset, (size_t) length);
}

version version_of(int64_t file) {
    struct stat info;
    if (fstat((int) file, &info) != 0) {
        fail("cannot read the file's size", std::strerror(errno));
    }
#    ifdef __APPLE__
    const struct timespec & time = info.st_mtimespec;
#    else
    const struct timespec & time = info.st_mtim;
#    endif
    return { (int64_t) info.st_size, (int64_t) time.tv_sec * 1000000000 + time.tv_nsec };
}

void advise_range(void * address, int64_t length, advice kind) {
    const uintptr_t page  = (uintptr_t) sysconf(_SC_PAGESIZE);
    uintptr_t       begin = (uintptr_t) address;
    uintptr_t       end   = begin + (uintptr_t) length;
    if (kind == advice::DONT_NEED) {
        // Inward, so that a neighbour's pages stay.
        begin = (begin + page - 1) / page * page;
        end   = end / page * page;
    } else {
        begin = begin / page * page;
    }
    if (begin >= end) {
        return;
    }
    const int flag = kind == advice::SEQUENTIAL ? MADV_SEQUENTIAL : kind == advice::WILL_NEED ? MADV_WILLNEED : MADV_DONTNEED;
    // Advice only: a kernel that does not take it changes nothing but speed.
    (void) madvise((void *) begin, end - begin, flag);
}

#endif

}  // namespace

extern "C" {

JNIEXPORT jlongArray JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_map(JNIEnv * env, jclass, jbyteArray path) {
    return guarded<jlongArray>(env, [&]() -> jlongArray {
        jlongArray result = env->NewLongArray(3);
        if (result == nullptr) {
            return nullptr;
        }
        const mapping m         = map_file(to_string(env, path));
        const jlong   values[3] = { (jlong) (intptr_t) m.address, (jlong) m.length, (jlong) m.file };
        env->SetLongArrayRegion(result, 0, 3, values);
        return result;
    });
}

JNIEXPORT void JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_unmap(JNIEnv * env, jclass, jlong address,
                                                                        jlong length, jlong file) {
    guarded<int>(env, [&] {
        unmap_file({ (void *) (intptr_t) address, length, file });
        return 0;
    });
}

JNIEXPORT jboolean JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_read(JNIEnv * env, jclass, jlong address,
                                                                           jlong file, jlong offset, jlong target,
                                                                           jlong length) {
    return guarded<jboolean>(env, [&]() -> jboolean {
        return read_range({ (void *) (intptr_t) address, 0, file }, offset, (char *) (intptr_t) target, length);
    });
}

JNIEXPORT jlongArray JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_version(JNIEnv * env, jclass, jlong file) {
    return guarded<jlongArray>(env, [&] {
        const version v         = version_of(file);
        const int64_t values[2] = { v.length, v.modified };
        return to_long_array(env, values, 2);
    });
}

JNIEXPORT void JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_advise(JNIEnv * env, jclass, jlong address,
                                                                         jlong length, jint kind) {
    guarded<int>(env, [&] {
        advise_range((void *) (intptr_t) address, length, (advice) kind);
        return 0;
    });
}

JNIEXPORT jobject JNICALL Java_dev_wanlet_ggml_internal_MappedFileJni_window(JNIEnv * env, jclass, jlong address,
                                                                            jlong length) {
    return guarded<jobject>(env, [&] { return env->NewDirectByteBuffer((void *) (intptr_t) address, length); });
}

}  // extern "C"
