# packaging/build --url URL fills in the placeholders between @.
class AsciinemaToolkit < Formula
  desc "Record, replay, edit and share terminal sessions with small programs"
  homepage "@URL@"
  url "@URL@/asciinema-toolkit-@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "coreutils" => :build
  depends_on "rust" => :build

  conflicts_with "asciinema", because: "both install an `asciinema` program"

  def install
    # The staging script uses GNU install and realpath.
    ENV.prepend_path "PATH", Formula["coreutils"].opt_libexec/"gnubin"
    system "cargo", "build", "--release", "--bins", "--locked"
    system "packaging/stage", "target/release", prefix
  end

  test do
    system bin/"asciinema", "rec", "-q", "-c", "echo hello", "demo.cast"
    assert_match "hello", shell_output("#{bin}/asciinema cat demo.cast")
  end
end
