use proptest::prelude::*;
use prost::Message as _;
use prost_types::method_options::IdempotencyLevel;
use prost_types::{
    DescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, MethodOptions,
    ServiceDescriptorProto,
};

use super::walk::{Found, Walk};
use super::*;

/// A name; for a method also its kind and whether it is idempotent.
type Row = (String, Option<(Kind, bool)>);

/// The result of our reader: `pkg.Service/*` and `pkg.Service/Method`, or `None` if the bytes are not a descriptor set.
fn read(bytes: &[u8]) -> Option<Vec<Row>> {
    let sets = &[bytes];
    let mut walk = Walk::new(sets);
    let mut found = Vec::new();
    let mut service = String::new();
    let text = |part: Range| String::from_utf8_lossy(part.of(bytes)).into_owned();
    while let Some(next) = walk.next() {
        found.push(match next {
            Found::Service { package, name } => {
                service = full_name(&text(package), &text(name));
                (format!("{service}/*"), None)
            }
            Found::Method {
                name,
                kind,
                is_idempotent,
            } => (
                format!("{service}/{}", text(name)),
                Some((kind, is_idempotent)),
            ),
        });
    }
    Size::of(bytes).is_sound.then_some(found)
}

/// The result of prost.
fn decoded(bytes: &[u8]) -> Option<Vec<Row>> {
    let set = FileDescriptorSet::decode(bytes).ok()?;
    let mut found = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let full = full_name(file.package(), service.name());
            found.push((format!("{full}/*"), None));
            for method in &service.method {
                let kind = Kind::new(method.client_streaming(), method.server_streaming());
                let level = method
                    .options
                    .as_ref()
                    .map(MethodOptions::idempotency_level);
                let is_idempotent =
                    level.is_some_and(|it| it != IdempotencyLevel::IdempotencyUnknown);
                found.push((
                    format!("{full}/{}", method.name()),
                    Some((kind, is_idempotent)),
                ));
            }
        }
    }
    Some(found)
}

fn full_name(package: &str, service: &str) -> String {
    match package.is_empty() {
        true => service.to_owned(),
        false => format!("{package}.{service}"),
    }
}

fn method() -> impl Strategy<Value = MethodDescriptorProto> {
    let options = (any::<Option<bool>>(), proptest::option::of(-1..4_i32));
    let options = options.prop_map(|(deprecated, idempotency_level)| MethodOptions {
        deprecated,
        idempotency_level,
        ..MethodOptions::default()
    });
    let fields = (
        proptest::option::of("[A-Za-zé]{0,12}"),
        ".{0,20}",
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        proptest::option::of(options),
    );
    fields.prop_map(
        |(name, input, client, server, options)| MethodDescriptorProto {
            name,
            input_type: Some(input),
            output_type: Some(".a.B".to_owned()),
            options,
            client_streaming: client,
            server_streaming: server,
        },
    )
}

fn set() -> impl Strategy<Value = FileDescriptorSet> {
    let service = (
        proptest::option::of("[A-Z][a-z]{0,9}"),
        proptest::collection::vec(method(), 0..5),
    );
    let service = service.prop_map(|(name, method)| ServiceDescriptorProto {
        name,
        method,
        options: None,
    });
    let message = ".{0,20}".prop_map(|name| DescriptorProto {
        name: Some(name),
        ..DescriptorProto::default()
    });
    let file = (
        proptest::option::of("[a-z]{1,5}(\\.v[12])?|"),
        proptest::collection::vec(service, 0..4),
        proptest::collection::vec(message, 0..4),
    );
    let file = file.prop_map(|(package, service, message_type)| FileDescriptorProto {
        name: Some("a.proto".to_owned()),
        package,
        service,
        message_type,
        ..FileDescriptorProto::default()
    });
    proptest::collection::vec(file, 0..4).prop_map(|file| FileDescriptorSet { file })
}

/// The fields of a message as separate bytes.
fn fields(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = reader::Reader::all(bytes);
    let mut fields = Vec::new();
    let mut rest = bytes;
    while reader.next().is_some() {
        let len = rest.len() - (bytes.len() - reader.at());
        let (field, behind) = rest.split_at(len);
        fields.push(field.to_vec());
        rest = behind;
    }
    fields
}

proptest! {
    #[test]
    fn reader_agrees_with_prost(set in set()) {
        let bytes = set.encode_to_vec();
        prop_assert_eq!(read(&bytes), decoded(&bytes));
    }

    /// prost writes the package before the services. Other encoders may not.
    #[test]
    fn field_order_does_not_matter(set in set(), seed in any::<u64>()) {
        let mut shuffled = Vec::new();
        for file in &set.file {
            let mut fields = fields(&file.encode_to_vec());
            let middle = usize::try_from(seed % 7).unwrap().min(fields.len());
            fields.rotate_left(middle);
            let file = fields.concat();
            prost::encoding::bytes::encode(1, &file, &mut shuffled);
        }
        prop_assert_eq!(read(&shuffled), decoded(&shuffled));
    }

    #[test]
    fn truncated_sets_are_read_like_prost_reads_them(set in set(), at in any::<prop::sample::Index>()) {
        let bytes = set.encode_to_vec();
        let part = &bytes[..at.index(bytes.len() + 1)];
        prop_assert_eq!(read(part), decoded(part));
    }

    #[test]
    fn garbage_is_rejected_or_read_like_prost_reads_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        // prost may reject more: it also checks fields and texts that our reader skips.
        if let Some(found) = read(&bytes) {
            prop_assert!(decoded(&bytes).is_none_or(|decoded| decoded == found));
        }
    }

    #[test]
    fn corrupted_byte_is_rejected_or_read_like_prost_reads_it(set in set(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = set.encode_to_vec();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let (Some(found), Some(decoded)) = (read(&bytes), decoded(&bytes)) {
            prop_assert_eq!(found, decoded);
        }
    }

    #[test]
    fn every_method_is_found(set in set()) {
        const ROOM: Size = Size { records: 64, bytes: 4096, is_sound: true };
        let bytes = set.encode_to_vec();
        let found = decoded(&bytes).unwrap();
        let size = Size::of(&bytes);
        prop_assume!(size.records <= ROOM.records && size.bytes <= ROOM.bytes);
        // The table has more room than it needs.
        let methods = Methods::<{ ROOM.records }, { ROOM.slots() }, { ROOM.bytes }>::read(&[&bytes], size);
        for (name, _) in &found {
            let path = format!("/{name}");
            prop_assert!(methods.has(&path));
            let longer = format!("{name}x");
            let is_known = found.iter().any(|(name, _)| *name == longer);
            prop_assert_eq!(methods.has(&format!("/{longer}")), is_known);
        }
        let mut names: Vec<_> = found.iter().filter(|(_, method)| method.is_some()).map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(methods.methods, names.len());
    }
}

/// A field with this wire type and encoded value.
fn field(number: u32, wire: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(u64::from(number << 3 | wire), &mut bytes);
    bytes.extend_from_slice(value);
    bytes
}

fn with_len(number: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::bytes::encode(number, &value.to_vec(), &mut bytes);
    bytes
}

#[test]
fn groups_in_options_are_skipped() {
    let group = [
        field(1000, 3, &[]),
        field(2, 3, &[]),
        field(2, 4, &[]),
        field(5, 5, &[0; 4]),
        field(1000, 4, &[]),
        field(34, 0, &[2]),
    ];
    let method = [with_len(1, b"M"), with_len(4, &group.concat())].concat();
    let service = [with_len(2, &method), with_len(1, b"S")].concat();
    let file = with_len(1, &[with_len(6, &service), with_len(2, b"p")].concat());
    let found = Some(vec![
        ("p.S/*".to_owned(), None),
        ("p.S/M".to_owned(), Some((Kind::Unary, true))),
    ]);
    assert_eq!(read(&file), found);
    assert_eq!(decoded(&file), found);
}

#[test]
fn invalid_sets_are_not_sound() {
    let deep: Vec<u8> = [with_len(1, b"M"), field(9, 3, &[]).repeat(100_000)].concat();
    let cases: [(&str, Vec<u8>); 9] = [
        ("a text", b"syntax = \"proto3\";".to_vec()),
        ("another message", with_len(2, b"a.proto")),
        ("a varint without end", vec![0x80; 40]),
        (
            "a length beyond the end",
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ),
        (
            "a varint of 65 bits",
            [
                with_len(1, b""),
                vec![8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            ]
            .concat(),
        ),
        ("a group without end", with_len(1, &with_len(6, &deep))),
        ("the end of no group", with_len(1, &field(7, 4, &[]))),
        (
            "a number as a name",
            with_len(1, &with_len(6, &field(1, 0, &[1]))),
        ),
        ("no UTF-8", with_len(1, &with_len(6, &with_len(1, &[0xff])))),
    ];
    for (what, bytes) in cases {
        let size = Size::of(&bytes);
        assert!(!size.is_sound, "{what}");
        let methods = Methods::<0, 1, 0>::read(&[&bytes], size);
        assert!(methods.has("/a.B/C") && methods.methods == 0, "{what}");
    }
    assert!(Size::of(&[]).is_sound && Size::sum(&[]).is_sound);
}

#[test]
fn duplicates_across_sets_count_once() {
    const SETS: &[&[u8]] = &[
        interceptors_proto::FILE_DESCRIPTOR_SET,
        interceptors_proto::SHAPES_DESCRIPTOR_SET,
        interceptors_proto::FILE_DESCRIPTOR_SET,
    ];
    const SIZE: Size = Size::sum(&[ALONE, Size::of(SETS[2])]);
    static METHODS: Methods<{ SIZE.records }, { SIZE.slots() }, { SIZE.bytes }> =
        Methods::read(SETS, SIZE);
    const ALONE: Size = Size::sum(&[Size::of(SETS[0]), Size::of(SETS[1])]);
    static COVERS: [[bool; 1]; METHODS.methods] = METHODS.covers(&[Lists {
        named: &[Named::Path("/demo.v1.UserService/*")],
        is_only: true,
        public: &[Named::Idempotent],
        unary_only: false,
    }]);
    let methods = read(SETS[0]).unwrap().len() + read(SETS[1]).unwrap().len();
    assert_eq!(ALONE.records, methods);
    assert_eq!(METHODS.len, methods);
    let covered = COVERS.iter().filter(|covers| covers[0]).count();
    // `Login`, `ImportUsers` and `Chat`.
    assert_eq!(covered, 3);
    assert!(METHODS.may_be_unary("/demo.v1.UserService/Login"));
    assert!(!METHODS.may_be_unary("/demo.v1.UserService/Chat"));
}
