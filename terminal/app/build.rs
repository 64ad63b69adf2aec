//! Compiles the window's screens, their French plurals and the bundled font into the program.
use slint_build::{CompilerConfiguration, DefaultTranslationContext, EmbedResourcesKind};

fn main() {
    // Element searches by label need it (tests, picture maker); a release has no use for it.
    let searchable = std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let configuration = CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .embed_resources(EmbedResourcesKind::EmbedFiles)
        .with_bundled_translations("lang")
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_debug_info(searchable);
    if let Err(error) = slint_build::compile_with_config("ui/app.slint", configuration) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
