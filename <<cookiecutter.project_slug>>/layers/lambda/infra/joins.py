"""What Lambda does in EC2 with the role of a function, to connect it to a network.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

JOINS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
LOOKS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
