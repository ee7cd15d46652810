//! Stands in for what the standard library brings along or does at each start, and no program that
//! aborts on a panic has a use for; all that are released do.
//!
//! To print a backtrace the standard library brings a reader of debug information with it: 230 KB in
//! each program, and of no use in one without symbols. It is reached from one place alone, as the
//! function that `_Unwind_Backtrace` is to call for each frame of the stack. Here that finds no frame,
//! so the optimizer of the whole program drops the reader, and `libgcc_s` need not be loaded when a
//! program starts. A panic still says what happened and where.
//!
//! To say that a stack has overflowed, where that ends a program, the standard library asks at each
//! start where the main thread's stack is, and the C library reads `/proc/self/maps` to find out: a
//! twelfth of the time from the start to the end of a filter. Told that this is not known, it goes
//! without.
//!
//! The functions of the unwinder are those of level I in the [Itanium C++ ABI's exception
//! handling][abi] that the standard library mentions. Where it comes to mention another, `libgcc_s`
//! is linked for that one.
//!
//! [abi]: https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use nix::libc;

/// `_URC_END_OF_STACK`: there are no more frames.
const END_OF_STACK: c_int = 5;

/// Calls `trace` for no frame.
// SAFETY: the name and the signature are the ABI's, and it may report a stack that ends at once.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_trace: *mut c_void, _argument: *mut c_void) -> c_int {
    END_OF_STACK
}

/// What is asked about a frame, or done with one, by those who have been given one: nobody.
macro_rules! never_called {
    ($($name:ident)*) => {$(
        // SAFETY: the name is the ABI's; only unwinding calls it, and nothing unwinds.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            std::process::abort()
        }
    )*};
}

never_called! {
    _Unwind_GetDataRelBase
    _Unwind_GetIP
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}

/// Where a thread's stack is: not known.
// SAFETY: the name and the signature are the C library's, this function is allowed to fail (its
// manual page names ENOMEM), and then nothing has been written to the attributes.
#[unsafe(no_mangle)]
extern "C" fn pthread_getattr_np(_thread: libc::pthread_t, _attributes: *mut libc::pthread_attr_t) -> c_int {
    libc::ENOMEM
}
