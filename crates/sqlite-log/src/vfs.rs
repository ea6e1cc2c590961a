//! The file system that SQLite sees ([VFS](https://sqlite.org/vfs.html)): that of the system, except
//! for how a log is written.
#![expect(unsafe_code, reason = "SQLite calls a file system by pointers to functions")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem;
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use rusqlite::ffi::{
    SQLITE_IOERR_CLOSE, SQLITE_IOERR_FSTAT, SQLITE_IOERR_FSYNC, SQLITE_IOERR_LOCK, SQLITE_IOERR_READ,
    SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_NOTFOUND, SQLITE_OK, SQLITE_OPEN_WAL, sqlite3_file,
    sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::frames::Frames;

/// The file system of the system. It locks a file for the whole life of the process, and keeps the
/// index of the log in memory that the connections of the process share.
const SYSTEM: &CStr = c"unix-excl";
/// The name of this one.
const NAME: &CStr = c"outlive-log";

/// Returns the name of a VFS with which one connection of a database can be opened, the only one
/// that writes; `None` if SQLite has none to build on.
pub fn vfs() -> Option<&'static CStr> {
    static IS_REGISTERED: OnceLock<bool> = OnceLock::new();
    IS_REGISTERED.get_or_init(register).then_some(NAME)
}

/// The VFS of the system, which SQLite has for the life of the process.
struct System(*mut sqlite3_vfs);

// SAFETY: SQLite may be called by any thread, and changes nothing of a VFS that is registered.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static OF_SYSTEM: OnceLock<System> = OnceLock::new();

fn register() -> bool {
    // SAFETY: the name is a C string. SQLite initializes itself.
    let system = unsafe { sqlite3_vfs_find(SYSTEM.as_ptr()) };
    // SAFETY: SQLite returns a VFS that is registered, or null.
    let Some(found) = (unsafe { system.as_ref() }) else { return false };
    let Ok(own_size) = c_int::try_from(mem::size_of::<LogFile>()) else { return false };
    // All other functions are those of the system, which do not look at the VFS that is given.
    let own = Box::new(sqlite3_vfs {
        szOsFile: found.szOsFile + own_size,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        ..*found
    });
    OF_SYSTEM.get_or_init(|| System(system));
    // SAFETY: the VFS lives as long as the process.
    unsafe { sqlite3_vfs_register(Box::leak(own), 0) == SQLITE_OK }
}

/// The log of a connection. SQLite provides the memory: `szOsFile` bytes, aligned for a pointer.
#[repr(C)]
struct LogFile {
    methods: *const sqlite3_io_methods,
    /// Owned, from `open` to `close`.
    frames: *mut Frames,
    // The file of the system follows.
}

/// The file of the system that belongs to a log.
///
/// # Safety
/// `file` has the memory of a file of this VFS.
const unsafe fn inner(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: that memory is a `LogFile` and a file of the system behind it.
    unsafe { file.byte_add(mem::size_of::<LogFile>()) }
}

/// The frames of a log.
///
/// # Safety
/// `file` is a log that `open` has opened. SQLite uses a file by one thread at a time, so nothing
/// else refers to its frames.
unsafe fn frames<'a>(file: *mut sqlite3_file) -> &'a mut Frames {
    // SAFETY: `open` has written them.
    unsafe { &mut *(*file.cast::<LogFile>()).frames }
}

/// Calls a method of the file of the system. An error if it has none, which cannot be.
macro_rules! of_system {
    ($file:expr, $method:ident($($argument:expr),*), $error:expr) => {{
        let inner = inner($file);
        match (*(*inner).pMethods).$method {
            Some(method) => method(inner, $($argument),*),
            None => $error,
        }
    }};
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The version without shared memory and mapped pages, which belong to the file of a database.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Opens a file: a log as this module writes it, any other as the system does.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(System(system)) = OF_SYSTEM.get() else { return SQLITE_NOTFOUND };
    // SAFETY: SQLite calls with the arguments of `xOpen`; the file has room for both parts.
    unsafe {
        let Some(opened) = (**system).xOpen else { return SQLITE_NOTFOUND };
        if flags & SQLITE_OPEN_WAL == 0 {
            return opened(*system, name, file, flags, out);
        }
        // Without methods, SQLite does not close a file that could not be opened.
        (*file).pMethods = ptr::null();
        let code = opened(*system, name, inner(file), flags, out);
        if code == SQLITE_OK {
            let frames = Box::into_raw(Box::<Frames>::default());
            file.cast::<LogFile>().write(LogFile { methods: &raw const METHODS, frames });
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and does not use it afterwards.
    unsafe {
        drop(Box::from_raw((*file.cast::<LogFile>()).frames));
        of_system!(file, xClose(), SQLITE_IOERR_CLOSE)
    }
}

/// The longest page, in bytes. SQLite writes no more at a time, and a file of the system takes less
/// than twice as many.
const WRITTEN_MAX: usize = 65_536;

/// Writes to the file of the system; the error is a code of SQLite.
///
/// # Safety
/// `file` is a log that `open` has opened.
unsafe fn to_system(file: *mut sqlite3_file, at: u64, bytes: &[u8]) -> Result<(), c_int> {
    let mut at = at;
    for part in bytes.chunks(WRITTEN_MAX) {
        let (Ok(from), Ok(length)) = (sqlite3_int64::try_from(at), c_int::try_from(part.len())) else {
            return Err(SQLITE_IOERR_WRITE);
        };
        // SAFETY: the file of the system reads as many bytes.
        let code =
            unsafe { of_system!(file, xWrite(part.as_ptr().cast(), length, from), SQLITE_IOERR_WRITE) };
        if code != SQLITE_OK {
            return Err(code);
        }
        at += part.len() as u64;
    }
    Ok(())
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    let (Ok(length), Ok(at)) = (usize::try_from(length), u64::try_from(at)) else {
        return SQLITE_IOERR_WRITE;
    };
    // SAFETY: SQLite calls with the arguments of `xWrite` for an open file.
    let written = unsafe {
        let bytes = slice::from_raw_parts(bytes.cast::<u8>(), length);
        frames(file).write(at, bytes, |at, bytes| to_system(file, at, bytes))
    };
    written.err().unwrap_or(SQLITE_OK)
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    let (Ok(bytes), Ok(from)) = (usize::try_from(length), u64::try_from(at)) else {
        return SQLITE_IOERR_READ;
    };
    // SAFETY: SQLite calls with the arguments of `xRead` for an open file; what is kept has as many
    // bytes as there is room for.
    unsafe {
        match frames(file).kept_at(from, bytes) {
            Some(kept) => {
                kept.as_ptr().copy_to_nonoverlapping(to.cast(), bytes);
                SQLITE_OK
            }
            None => of_system!(file, xRead(to, length, at), SQLITE_IOERR_READ),
        }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xTruncate` for an open file.
    unsafe {
        frames(file).clear();
        of_system!(file, xTruncate(size), SQLITE_IOERR_TRUNCATE)
    }
}

/// Nothing is kept then that belongs to a transaction which has ended.
unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xSync` for an open file.
    unsafe { of_system!(file, xSync(flags), SQLITE_IOERR_FSYNC) }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xFileSize` for an open file.
    unsafe { of_system!(file, xFileSize(size), SQLITE_IOERR_FSTAT) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xLock` for an open file.
    unsafe { of_system!(file, xLock(level), SQLITE_IOERR_LOCK) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xUnlock` for an open file.
    unsafe { of_system!(file, xUnlock(level), SQLITE_IOERR_LOCK) }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, is_locked: *mut c_int) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xCheckReservedLock` for an open file.
    unsafe { of_system!(file, xCheckReservedLock(is_locked), SQLITE_IOERR_LOCK) }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: SQLite calls with the arguments of `xFileControl` for an open file.
    unsafe { of_system!(file, xFileControl(operation, argument), SQLITE_NOTFOUND) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite calls for an open file. By default a sector has 4,096 bytes.
    unsafe { of_system!(file, xSectorSize(), 4_096) }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite calls for an open file.
    unsafe { of_system!(file, xDeviceCharacteristics(), 0) }
}
