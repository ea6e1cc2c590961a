//! The seed that is embedded in the binary.

/// `seeds/contoso.yaml`.
pub(super) const CONTOSO: &str = include_str!("../../../../seeds/contoso.yaml");

/// The connector files of [`CONTOSO`]: path beside the seed file, content.
pub(super) const CONNECTOR_FILES: &[(&str, &str)] = &[
    (
        "connectors/contoso-orders/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders/apiDefinition.swagger.json",
        include_str!("../../../../seeds/connectors/contoso-orders/apiDefinition.swagger.json"),
    ),
    (
        "connectors/contoso-orders-public/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders-public/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders-continuous/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders-continuous/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders-on-behalf-of/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders-on-behalf-of/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders-basic/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders-basic/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders-basic/apiDefinition.swagger.json",
        include_str!("../../../../seeds/connectors/contoso-orders-basic/apiDefinition.swagger.json"),
    ),
    (
        "connectors/contoso-orders-key/apiProperties.json",
        include_str!("../../../../seeds/connectors/contoso-orders-key/apiProperties.json"),
    ),
    (
        "connectors/contoso-orders-key/apiDefinition.swagger.json",
        include_str!("../../../../seeds/connectors/contoso-orders-key/apiDefinition.swagger.json"),
    ),
];
