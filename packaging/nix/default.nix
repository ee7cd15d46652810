# nix-build packaging/nix: builds from this source tree, so no checksum is needed. Requires Rust 1.89 or
# later.
{ pkgs ? import <nixpkgs> { } }:

pkgs.rustPlatform.buildRustPackage {
  pname = "asciinema-toolkit";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = pkgs.lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [ "--bins" ];
  # The tests need terminals, shells and a home directory.
  doCheck = false;

  installPhase = ''
    runHook preInstall
    patchShebangs packaging/stage
    packaging/stage "target/${pkgs.stdenv.hostPlatform.rust.rustcTarget}/release" "$out"
    runHook postInstall
  '';

  meta = {
    description = "Record, replay, edit and share terminal sessions with small programs";
    license = pkgs.lib.licenses.mit;
    mainProgram = "asciinema";
    platforms = pkgs.lib.platforms.unix;
  };
}
