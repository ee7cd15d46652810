//! Stands in for the unwinder in programs that abort on a panic, which is all that are released.
//!
//! To print a backtrace the standard library brings a reader of debug information with it: 230 KB in
//! each program, and of no use in one without symbols. It is reached from one place alone, as the
//! function that `_Unwind_Backtrace` is to call for each frame of the stack. Here that finds no frame,
//! so the optimizer of the whole program drops the reader, and `libgcc_s` need not be loaded when a
//! program starts. A panic still says what happened and where.
//!
//! The functions are those of level I in the [Itanium C++ ABI's exception handling][abi] that the
//! standard library mentions. Where it comes to mention another, `libgcc_s` is linked for that one.
//!
//! [abi]: https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

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
