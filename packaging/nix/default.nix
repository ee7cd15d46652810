# nix-build packaging/nix: from this folder's source, so that no checksum has to be known. The
# programs need Rust 1.89 or later.
{ pkgs ? import <nixpkgs> { } }:

pkgs.rustPlatform.buildRustPackage {
  pname = "asciinema-toolkit";
  version = (builtins.fromTOML (builtins.readFile ../../Cargo.toml)).workspace.package.version;
  src = pkgs.lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [ "--bins" ];
  # The tests want terminals, shells and a home.
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
