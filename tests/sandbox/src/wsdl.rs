//! The service's description, with this sandbox's own address.

const WSDL: &str = include_str!("../wsdl/PaiementSecuriseService.wsdl");
const SCHEMAS: [(&str, &str); 3] = [
    ("service.xsd", include_str!("../wsdl/service.xsd")),
    ("requete.xsd", include_str!("../wsdl/requete.xsd")),
    ("reponse.xsd", include_str!("../wsdl/reponse.xsd")),
];
/// The address that the stored description names.
const OFFICIAL: &str = "https://www.payfip.gouv.fr";
/// Where the service is.
pub const SERVICE_PATH: &str = "/tpa/services/securite";

/// The document of a query: `wsdl`, or `xsd=1` to `xsd=3` as JAX-WS names its schemas.
#[must_use]
pub fn document(query: &str, base_url: &str) -> Option<String> {
    let stored = match query.to_ascii_lowercase().as_str() {
        "wsdl" => WSDL,
        "xsd=1" => SCHEMAS[0].1,
        "xsd=2" => SCHEMAS[1].1,
        "xsd=3" => SCHEMAS[2].1,
        _ => return None,
    };
    let mut served = stored.replace(OFFICIAL, base_url);
    for (number, (name, _)) in SCHEMAS.iter().enumerate() {
        let absolute = format!("schemaLocation=\"{base_url}{SERVICE_PATH}?xsd={}\"", number + 1);
        served = served.replace(&format!("schemaLocation=\"{name}\""), &absolute);
    }
    Some(served)
}
