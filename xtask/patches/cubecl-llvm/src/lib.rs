//! Lets `--features cuda` build from the crate registry alone.
//!
//! cubecl-cuda 0.11.3 knows two ways from a kernel to the card: LLVM, whose build script fetches an
//! archive from GitHub, and CUDA C++ handed to the driver's NVRTC (its `cpp` feature). We always take
//! the second, yet the first is still compiled in. This crate replaces it: the same name, version and
//! public names, every one of them inert. Delete it once cubecl-cuda makes LLVM optional.

use std::ffi::c_char;
use std::fmt;

use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_environment::backtrace::BackTrace;
use cubecl_server::compiler::{CompilationError, Compiler};
use cubecl_server::kernel::BufferIOAttr;

const WHY: &str = "built without LLVM; kernels go through NVRTC (cubecl-cuda's `cpp` feature)";

/// Versions of NVIDIA's assembly.
pub mod nvptx {
    /// The version a driver accepts.
    pub mod ptx_version {
        /// A version nobody emits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct PtxVersion(());

        impl PtxVersion {
            /// No version: NVRTC picks its own.
            pub fn for_driver(_: i32) -> Option<Self> {
                None
            }
        }

        impl std::fmt::Display for PtxVersion {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("chosen by NVRTC")
            }
        }
    }
}

/// What all targets share.
pub mod shared {
    /// Limits a target puts on a device.
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// The target asked about.
        pub enum GpuTarget {
            /// NVIDIA.
            Nvptx,
        }

        /// NVRTC needs no restriction, so the properties stay as they are.
        pub fn restrict_features(_: &mut DeviceProperties, _: GpuTarget) {}
    }
}

/// The only target named by cubecl-cuda.
#[derive(Debug, Clone, Copy, Default)]
pub enum LlvmTarget {
    /// NVIDIA.
    #[default]
    Nvptx,
}

/// A compiler that refuses.
#[derive(Debug, Clone, Default)]
pub struct PlironCompiler {
    /// Where it would compile to.
    pub target: LlvmTarget,
}

/// Settings nothing reads.
#[derive(Debug, Clone, Default)]
pub struct PlironOptions {
    /// Target-specific options.
    pub arch: Option<()>,
    /// Streaming multiprocessor.
    pub sm_arch: Option<SmArch>,
    /// Assembly version.
    pub ptx_version: Option<nvptx::ptx_version::PtxVersion>,
    /// Whether arguments go through grid constants.
    pub grid_constants: bool,
    /// Everything else.
    pub other: (),
}

/// The module LLVM would have emitted.
#[derive(Debug, Clone)]
pub struct NvptxModule {
    /// Assembly text.
    pub ptx: Vec<c_char>,
    /// Kernel name.
    pub entrypoint: String,
    /// Intermediate form.
    pub ir: String,
    /// Bytes of shared memory.
    pub shared_memory_size: usize,
    /// Buffers in and out.
    pub io: Vec<BufferIOAttr>,
}

/// What a compilation would have returned.
#[derive(Debug, Clone)]
pub enum PlironArtifact {
    /// NVIDIA code.
    NvptxCode(NvptxModule),
    /// Nothing.
    Absent,
}

impl fmt::Display for PlironArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WHY)
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic { reason: WHY.into(), backtrace: BackTrace::capture() })
    }

    fn extension(&self) -> &'static str {
        "none"
    }

    fn lang_tag(&self) -> &'static str {
        "none"
    }
}
